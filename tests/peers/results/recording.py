"""Writes what libraries returned as JSON, with the types that a reader of results meets."""

import json
import sys
from pathlib import Path

import numpy as np

#: What is kept of an object, by the name of its class.
FIELDS = {
    "alibi.api.interfaces.Explanation": ("meta", "data"),
    "captum.attr._core.llm_attr.LLMAttributionResult": (
        *("seq_attr", "token_attr", "input_tokens", "output_tokens"),
    ),
    "shap._explanation.Explanation": (
        *("values", "base_values", "data", "feature_names", "output_names"),
    ),
}


def encode(value):
    """Encode a value. Arrays keep their shape and type; tensors also whether they need gradients."""
    if (
        value is None
        or isinstance(value, bool | int | float | str)
        and type(value).__module__ == "builtins"
    ):
        return value
    if hasattr(value, "detach"):
        return {"tensor": array(value.detach().numpy()), "requires_grad": value.requires_grad}
    if isinstance(value, np.ndarray | np.generic):
        return {"array" if isinstance(value, np.ndarray) else "scalar": array(np.asarray(value))}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"named": [type(value).__name__, list(value._fields), [encode(v) for v in value]]}
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {"dict": {str(key): encode(item) for key, item in value.items()}}
    if callable(value):
        return {"callable": value.__name__}
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    return {"object": [name, {field: encode(getattr(value, field)) for field in FIELDS[name]}]}


def array(value):
    if value.dtype.kind == "O":
        return {"dtype": "object", "shape": value.shape, "data": [encode(v) for v in value.ravel()]}
    dtype = "str" if value.dtype.kind == "U" else value.dtype.name
    data = value.ravel().tolist()
    if dtype == "float32":
        data = [float(str(np.float32(number))) for number in data]
    return {"dtype": dtype, "shape": value.shape, "data": data}


def record(results, versions):
    """Write the results of a program to the file that its first argument names."""
    content = {"versions": versions, "results": {k: encode(v) for k, v in results.items()}}
    Path(sys.argv[1]).write_text(json.dumps(content, separators=(",", ":")) + "\n")
