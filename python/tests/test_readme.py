"""The lines of the README that take results of other libraries."""

import re
from pathlib import Path

import numpy as np
import pytest
from recorded import read_results

import gradlens as gl

README = Path(__file__).parent.parent / "README.md"

#: For each line of a library: the result, and the other names of the line.
GIVEN = {
    "captum": [
        ("integrated_gradients_with_deltas", {"x": "x"}),
        ("two_inputs", {"a": ("two_x", 0), "b": ("two_x", 1)}),
        ("embedding_with_deltas", {"ids": "ids", "tokens": list("abcdef")}),
        ("language", {}),
        ("tracin", {"x_train": "train_x", "y_train": list(range(6))}),
        ("tracin_proponents", {"x_train": "train_x", "y_train": list(range(6))}),
    ],
    "shap": [
        ("trees", {}),
        ("linear", {}),
        ("text", {}),
        ("deep", {}),
        ("gradient_values", {"x": "net_x"}),
    ],
    "alibi": [
        ("similarity", {"y_train": list(range(6)), "names": list("abcdef")}),
        ("gradients", {"names": ["a", "b", "c"]}),
    ],
}


def read_lines(library):
    block = re.search(rf"<!-- {library} -->\s*```python\n(.*?)```", README.read_text(), re.DOTALL)
    return [line for line in block[1].splitlines() if line.startswith("e = ")]


@pytest.mark.parametrize(
    ("library", "at"),
    [(library, at) for library, given in GIVEN.items() for at in range(len(given))],
)
def test_line(library, at):
    results = read_results(library)
    name, further = GIVEN[library][at]
    lines = read_lines(library)
    assert len(lines) == len(GIVEN[library])

    def find(value):
        if isinstance(value, tuple):
            return results[value[0]][value[1]]
        return results[value] if isinstance(value, str) else value

    names = {key: find(value) for key, value in further.items()}
    result = [None, results[name]] if "result[1]" in lines[at] else results[name]
    scope = {"gl": gl, "result": result, **names}
    exec(lines[at], scope)
    explanation = scope["e"]
    shown = explanation.data.get("attributions") or [explanation.data["scores"]]
    assert all(np.isfinite(array).all() for array in shown)
    assert "<figure" in gl.html(explanation)
