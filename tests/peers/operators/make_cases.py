"""Single ONNX operators with their gradients by central differences in float64: tests/fixtures/operators.{json,bin}.

    pip install onnx==1.23.2 torch==2.13 numpy
    python tests/peers/operators/make_cases.py tests/fixtures

ONNX's reference implementation computes the outputs, in float64, or torch does, or a formula in NumPy. Inputs are
float32 values, distinct and away from kinks, so that a central difference is the gradient.
"""

import json
import pathlib
import sys

import elementwise
import layers
import reductions
import shapes
import windows
from case import Cases

FAMILIES = [
    elementwise.make_arithmetic,
    elementwise.make_functions,
    shapes.make_shapes,
    shapes.make_slices,
    shapes.make_indexing,
    reductions.make_reductions,
    reductions.make_products,
    windows.make_convolutions,
    windows.make_transposed_convolutions,
    windows.make_pools,
    windows.make_resize,
    layers.make_normalizations,
    layers.make_attention,
    layers.make_recurrent,
]

families = [make() for make in FAMILIES]
lines = [
    f"{json.dumps(each.family)}: [\n"
    + ",\n".join(json.dumps(case, separators=(",", ":")) for case in each.cases)
    + "\n]"
    for each in families
]
folder = pathlib.Path(sys.argv[1])
(folder / "operators.json").write_text("{" + ",\n".join(lines) + "}\n")
(folder / "operators.bin").write_bytes(b"".join(Cases.arrays.parts))
print(f"{sum(len(each.cases) for each in families)} cases")
