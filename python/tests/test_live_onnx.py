import json
import sys
import types

import numpy as np
import pytest
from live_pages import install_kit, read_part

import gradlens as gl


@pytest.fixture(autouse=True)
def kit(monkeypatch):
    install_kit(monkeypatch)
    # Without ONNX Runtime.
    monkeypatch.setattr("gradlens.live_report.predictions.find_spec", lambda name: None)


def varint(value):
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])


def message(*fields):
    """Write a protobuf message of numbered texts, messages and integers."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
        else:
            own = value.encode() if isinstance(value, str) else value
            parts.append(varint(number << 3 | 2) + varint(len(own)) + own)
    return b"".join(parts)


def node(operator, inputs, output, domain=""):
    names = [(1, name) for name in inputs]
    return message(*names, (2, output), (3, f"the {operator}"), (4, operator), (7, domain))


WEIGHTS = message((1, 3), (1, 2), (2, 1), (8, "w"), (9, bytes(24)))
EXTERNAL = message(
    (1, 3), (1, 2), (2, 1), (8, "w"),
    (13, message((1, "location"), (2, "weights.bin"))),
    (14, 1),
)  # fmt: skip


def onnx_model(*nodes, outputs=("y",), weights=WEIGHTS, inputs=("x",)):
    graph = message(
        *((1, one) for one in nodes),
        (2, "graph"),
        (5, weights),
        *((11, message((1, name))) for name in (*inputs, "w")),
        *((12, message((1, name))) for name in outputs),
    )
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 18))))


GEMM = node("Gemm", ["x", "w"], "sums")
MODEL = onnx_model(GEMM, node("Softmax", ["sums"], "y"))
X = np.ones((2, 3), np.float32)


class ModelProto:
    """Has what an onnx.ModelProto has."""

    graph = None
    opset_import = ()

    def SerializeToString(self):  # noqa: N802
        return MODEL


def read_model(page):
    part = read_part(page)
    return part, json.loads(part.meta["params"]["model"])


def test_the_page_contains_the_file_in_every_form(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(MODEL)
    for model in (MODEL, path, str(path), ModelProto()):
        part, description = read_model(gl.live(model, X))
        assert description == {
            "format": "onnx",
            "shapes": [[3]],
            "files": [{"name": "model.onnx", "byteLength": len(MODEL)}],
        }
        assert part.data["weights"].tobytes() == MODEL


def test_the_page_contains_the_files_of_weights(tmp_path):
    model = onnx_model(node("Gemm", ["x", "w"], "y"), weights=EXTERNAL)
    (tmp_path / "net.onnx").write_bytes(model)
    with pytest.raises(gl.InvalidArgumentError, match=r"weights\.bin"):
        gl.live(tmp_path / "net.onnx", X)
    (tmp_path / "weights.bin").write_bytes(bytes(range(24)))
    part, description = read_model(gl.live(tmp_path / "net.onnx", X))
    assert [file["byteLength"] for file in description["files"]] == [len(model), 24]
    assert part.data["weights"].tobytes() == model + bytes(range(24))
    with pytest.raises(gl.InvalidArgumentError, match="expected its path"):
        gl.live(model, X)


def test_files_of_weights_outside_of_the_folder_are_refused(tmp_path):
    weights = EXTERNAL.replace(b"weights.bin", b"../secret.b")
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.b").write_bytes(bytes(24))
    (folder / "net.onnx").write_bytes(onnx_model(GEMM, outputs=["sums"], weights=weights))
    with pytest.raises(gl.InvalidArgumentError, match=r"\.\./secret\.b"):
        gl.live(folder / "net.onnx", X)


def test_without_a_prediction_a_sentence_is_shown():
    page = gl.live(MODEL, X)
    shown = page._repr_mimebundle_()
    content = shown[0] if isinstance(shown, tuple) else shown
    assert content["text/plain"].startswith("A page that contains a model.")
    assert page.html.count("<script") == 3


def test_the_prediction_is_that_of_onnxruntime(monkeypatch):
    class InferenceSession:
        def __init__(self, source, providers):
            assert source == MODEL

        def get_inputs(self):
            return [types.SimpleNamespace(name="x", type="tensor(double)")]

        def get_outputs(self):
            return [types.SimpleNamespace(name="y")]

        def run(self, names, feeds):
            assert names == ["y"]
            assert feeds["x"].dtype == np.float64
            assert feeds["x"].shape == (1, 3)
            return [np.array([[0.25, 0.75]], np.float32)]

    runtime = types.ModuleType("onnxruntime")
    runtime.InferenceSession = InferenceSession
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    monkeypatch.setattr("gradlens.live_report.predictions.find_spec", lambda name: object())
    page = gl.live(MODEL, X, labels=["cat", "dog"])
    assert "The model predicts dog" in page.html


@pytest.mark.parametrize(
    ("operator", "domain", "name"),
    [("TopK", "", "TopK"), ("ZipMap", "ai.onnx.ml", r"ai\.onnx\.ml\.ZipMap")],
)
def test_operators_that_a_page_cannot_compute_are_refused(operator, domain, name):
    model = onnx_model(GEMM, node(operator, ["sums"], "y", domain))
    with pytest.raises(gl.UnsupportedError, match=rf"operator {name} \(node .* gradlens\.ask"):
        gl.live(model, X)


def test_operators_of_other_outputs_are_allowed():
    model = onnx_model(GEMM, node("TopK", ["sums"], "label"), outputs=["label", "sums"])
    assert read_model(gl.live(model, X, output="sums"))[1]["format"] == "onnx"
    with pytest.raises(gl.InvalidArgumentError, match="output: expected one of label, sums"):
        gl.live(model, X)


@pytest.mark.parametrize(
    ("model", "x", "text"),
    [
        (b"no model", X, "contents of an .onnx file"),
        (MODEL[:-30], X, "contents of an .onnx file"),
        (MODEL, [X, X], "x: expected 1, one for each input: x, got 2 arrays"),
    ],
)
def test_other_files_and_examples_are_refused(model, x, text):
    with pytest.raises(gl.InvalidArgumentError, match=text):
        gl.live(model, x)
