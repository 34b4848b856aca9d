"""Predictions that are shown until a page's model runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gradlens.arrays import to_array
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.live_report.onnx_file import is_onnx

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
}


def predict(
    model: Any, examples: list[Any], output: str | None, side: dict[str, Any]
) -> Explanation | None:
    """Compute the prediction for the first example, which is shown until the model runs.

    Returns
    -------
    Explanation | None
        The prediction; None for an ONNX model where onnxruntime isn't installed.

    Raises
    ------
    InvalidArgumentError
        If the model has several outputs, and none or another one is chosen.
    """
    first = [array[:1] for array in examples]
    if not is_onnx(model):
        values = _predict_keras(model, first, output)
    elif find_spec("onnxruntime") is not None:
        values = _predict_onnx(model, first, output)
    else:
        return None
    labels = {"labels": side.get("labels")}
    return Explanation({"name": "Prediction"}, {"predictions": values}, labels)


def _predict_keras(model: Any, first: list[Any], output: str | None) -> Any:
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
    return to_array("the result of predict", outputs[chosen])


def _predict_onnx(model: Any, first: list[Any], output: str | None) -> Any:
    import onnxruntime

    source = model.SerializeToString() if hasattr(model, "graph") else model
    if isinstance(source, Path):
        source = str(source)
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    feeds = {
        own.name: array.astype(_DTYPES.get(own.type, np.float32))
        for own, array in zip(session.get_inputs(), first, strict=True)
    }
    (values,) = session.run([output or session.get_outputs()[0].name], feeds)
    return to_array("the output of the model", values)
