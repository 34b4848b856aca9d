"""Results of other libraries: recorded ones, or real ones where the library is installed.

``tests/peers/results`` of the repository has the programs that recorded them.
"""

import importlib
import json
import os
import sys
from collections import namedtuple
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np


@cache
def read_results(library):
    """The results of a library by name.

    With the variable GRADLENS_PEERS, the folder of the programs, they are made by the library.
    """
    programs = os.environ.get("GRADLENS_PEERS")
    if programs is not None:
        sys.path.insert(0, programs)
        return importlib.import_module(f"{library}_results").make()
    file = Path(__file__).parent / "results" / f"{library}.json"
    return {name: decode(value) for name, value in json.loads(file.read_text())["results"].items()}


class Tensor:
    """As torch's: numpy reads it only after detach and cpu if it needs gradients."""

    def __init__(self, values, requires_grad):
        self._values, self.requires_grad = values, requires_grad
        self.dtype, self.shape, self.ndim = f"torch.{values.dtype}", values.shape, values.ndim

    def detach(self):
        return Tensor(self._values, False)

    def cpu(self):
        return self

    def numpy(self):
        return self._values

    def __len__(self):
        return len(self._values)

    def __getitem__(self, key):
        return Tensor(self._values[key], self.requires_grad)

    def sum(self, axis):
        return Tensor(self._values.sum(axis), self.requires_grad)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self._values if dtype is None else self._values.astype(dtype)


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next(iter(value))
    content = value[kind]
    if kind == "tensor":
        return Tensor(decode_array(content), value["requires_grad"])
    if kind == "named":
        name, fields, items = content
        return namedtuple(name, fields)(*decode(items))
    if kind == "object":
        return SimpleNamespace(**{key: decode(field) for key, field in content[1].items()})
    decoders = {
        "array": decode_array,
        "scalar": lambda item: decode_array(item)[()],
        "tuple": lambda items: tuple(decode(items)),
        "dict": lambda items: {key: decode(item) for key, item in items.items()},
        "callable": lambda _: len,
    }
    return decoders[kind](content)


def decode_array(content):
    dtype = content["dtype"]
    data = decode(content["data"])
    array = np.empty(len(data), dtype=object) if dtype == "object" else np.array(data, dtype=dtype)
    if dtype == "object":
        array[:] = data
    return array.reshape(content["shape"])
