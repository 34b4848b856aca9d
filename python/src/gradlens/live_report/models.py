"""Models that a page can run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlens.errors import InvalidArgumentError
from gradlens.keras_writer import to_tfjs
from gradlens.live_report.onnx_file import is_onnx, read_onnx


def pack_model(
    model: Any, examples: list[Any], output: str | None
) -> tuple[str, NDArray[np.uint8]]:
    """Convert a model to the JSON and the bytes from which a page loads it.

    Raises
    ------
    InvalidArgumentError
        If it is neither a Keras 3 model nor an ONNX model with as many inputs as examples.
    UnsupportedError
        If TensorFlow.js has no equal layer or operator.
    """
    if is_onnx(model):
        return _pack_onnx(model, examples, output)
    files, weights = to_tfjs(model)
    description = {"format": "layers-model", **files}
    return json.dumps(description), np.frombuffer(weights, dtype=np.uint8)


def _pack_onnx(
    model: Any, examples: list[Any], output: str | None
) -> tuple[str, NDArray[np.uint8]]:
    file = read_onnx(model, output)
    if len(examples) != len(file.inputs):
        got = f"{len(examples)} arrays"
        expected = f"{len(file.inputs)}, one for each input: {', '.join(file.inputs)}"
        raise InvalidArgumentError("x", got, expected)
    parts = {"model.onnx": file.contents, **file.external}
    description = {
        "format": "onnx",
        "shapes": [list(array.shape[1:]) for array in examples],
        "files": [{"name": name, "byteLength": len(part)} for name, part in parts.items()],
    }
    return json.dumps(description), np.frombuffer(b"".join(parts.values()), dtype=np.uint8)
