"""One case: an ONNX operator with inputs, its outputs, and gradients by central differences in float64."""

import itertools

import numpy as np
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(14)
STEP = 1e-5
FLOATS = (np.float32, np.float64)


def spread(*shape, low=-2.0, high=2.0):
    """Distinct values in random order, none near zero or near another: no tie, and no kink within a step."""
    size = int(np.prod(shape))
    places = (rng.permutation(size) + 0.31) / size
    return np.float32(low + (high - low) * places).astype(np.float64).reshape(shape)


def ints(*values):
    return np.array(values, np.int64)


class Constant:
    """An input that the model has as an initializer."""

    def __init__(self, array):
        self.array = np.asarray(array)


def constant(*values):
    return Constant(ints(*values))


def run_reference(op, attributes, outputs, opset, arrays):
    types = {
        np.dtype("float64"): TensorProto.DOUBLE,
        np.dtype("int64"): TensorProto.INT64,
        np.dtype("int32"): TensorProto.INT32,
        np.dtype("bool"): TensorProto.BOOL,
    }
    names = ["" if array is None else f"x{i}" for i, array in enumerate(arrays)]
    out = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, out, **attributes)
    graph = helper.make_graph(
        [node],
        op,
        [helper.make_tensor_value_info(n, types[a.dtype], a.shape) for n, a in zip(names, arrays) if n],
        [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in out],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    evaluator = ReferenceEvaluator(model)
    return lambda values: [np.asarray(y) for y in evaluator.run(None, {n: v for n, v in zip(names, values) if n})]


def differentiate(run, arrays, wanted, weights):
    """d(sum of weights * outputs) / d(input), for each wanted input."""

    def loss(values):
        return sum(float((w * y).sum()) for w, y in zip(weights, run(values)) if w is not None)

    gradients = {}
    for i in wanted:
        gradient = np.zeros(arrays[i].shape)
        for at in itertools.product(*map(range, arrays[i].shape)):
            sides = []
            for sign in (1, -1):
                moved = list(arrays)
                moved[i] = arrays[i].copy()
                moved[i][at] += sign * STEP
                sides.append(loss(moved))
            gradient[at] = (sides[0] - sides[1]) / (2 * STEP)
        gradients[i] = gradient
    return gradients


def describe_attribute(value):
    kinds = {int: "int", float: "float", str: "string", list: "ints"}
    return {"kind": kinds[type(value)], "value": value}


class Arrays:
    """The arrays of all cases, one after the other in one file."""

    def __init__(self):
        self.parts, self.byte_length = [], 0

    def place(self, array):
        types = {"float64": "<f4", "int64": "<i8", "int32": "<i4", "bool": "|b1"}
        raw = np.ascontiguousarray(array, types[str(array.dtype)]).tobytes()
        name = "float32" if array.dtype == np.float64 else str(array.dtype)
        entry = {"type": name, "shape": list(array.shape), "byteOffset": self.byte_length}
        # Each array begins at a multiple of eight bytes, for a typed array over the file.
        self.parts.append(raw + bytes(-len(raw) % 8))
        self.byte_length += len(self.parts[-1])
        return entry


class Cases:
    """The cases of one family."""

    arrays = Arrays()

    def __init__(self, family):
        self.family, self.cases = family, []

    def add(self, op, *inputs, outputs=1, opset=21, wanted=None, reference=None, unseeded=(), absent=(), **attributes):
        """
        `reference` maps the inputs to the outputs in place of ONNX's own reference implementation. No gradient starts
        at `unseeded` outputs; the operator leaves out `absent` ones.
        """
        inputs = [np.asarray(x) if isinstance(x, np.generic) else x for x in inputs]
        arrays = [x.array if isinstance(x, Constant) else x for x in inputs]
        run = reference or run_reference(op, attributes, outputs, opset, arrays)
        expected = [np.asarray(y) for y in run(arrays)]
        weights = [
            spread(*y.shape, low=-1, high=1) if y.dtype == np.float64 and i not in (*unseeded, *absent) else None
            for i, y in enumerate(expected)
        ]
        if wanted is None:
            wanted = [
                i
                for i, x in enumerate(inputs)
                if x is not None and not isinstance(x, Constant) and x.dtype == np.float64
            ]
        gradients = differentiate(run, arrays, wanted, weights)
        self.cases.append(
            {
                "op": op,
                "opset": opset,
                "attributes": {name: describe_attribute(value) for name, value in attributes.items()},
                "inputs": [
                    None if a is None else {**self.arrays.place(a), "isConstant": isinstance(x, Constant)}
                    for x, a in zip(inputs, arrays)
                ],
                "outputs": [None if i in absent else self.arrays.place(y) for i, y in enumerate(expected)],
                "seeds": [None if w is None else self.arrays.place(w) for w in weights],
                "gradients": {str(i): self.arrays.place(g) for i, g in gradients.items()},
            }
        )
