"""Models that a page can run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlens.arrays import to_array
from gradlens.errors import InvalidArgumentError, UnsupportedError, describe
from gradlens.explanation import Explanation
from gradlens.keras_writer import to_tfjs


def pack_model(model: Any) -> tuple[str, NDArray[np.uint8]]:
    """Convert a Keras 3 model to the JSON and the weights from which a page loads it.

    Raises
    ------
    InvalidArgumentError
        If it isn't a Keras 3 model.
    UnsupportedError
        If it is an ONNX model, or TensorFlow.js has no equal layer.
    """
    if _is_onnx(model):
        raise UnsupportedError(
            "An ONNX model in one file",
            "Its runtime has more than 10 MB. Let Python explain it with gradlens.ask, or build a "
            "page with gradlens/onnx of the npm package.",
        )
    files, weights = to_tfjs(model)
    description = {"format": "layers-model", **files}
    return json.dumps(description), np.frombuffer(weights, dtype=np.uint8)


def _is_onnx(model: Any) -> bool:
    if isinstance(model, str | Path):
        return str(model).lower().endswith(".onnx")
    return isinstance(model, bytes) or (hasattr(model, "graph") and hasattr(model, "opset_import"))


def predict(
    model: Any, examples: list[Any], output: str | None, side: dict[str, Any]
) -> Explanation:
    """Compute the prediction for the first example, which is shown until the model runs.

    Raises
    ------
    InvalidArgumentError
        If the model has several outputs, and none or another one is chosen.
    """
    first = [array[:1] for array in examples]
    predicted = model.predict(first if len(first) > 1 else first[0], verbose=0)
    outputs = predicted if isinstance(predicted, list | tuple) else [predicted]
    if isinstance(predicted, dict):
        outputs = list(predicted.values())
    names = list(getattr(model, "output_names", []))
    chosen = 0
    if len(outputs) > 1:
        if output not in names:
            raise InvalidArgumentError("output", describe(output), f"one of {', '.join(names)}")
        chosen = names.index(output)
    values = to_array("the result of predict", outputs[chosen])
    labels = {"labels": side.get("labels")}
    return Explanation({"name": "Prediction"}, {"predictions": values}, labels)
