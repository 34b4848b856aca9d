import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from live_pages import CODE_HASH, SCRIPT, install_kit, read_part

import gradlens as gl
from gradlens.live_report.losses import LOSSES
from gradlens.version import __version__

UNSAFE = "</script><img onerror=alert(1)>"


class Model:
    """Predicts as a Keras model does."""

    output_names = ("scores", "depth")

    def __init__(self, outputs=1):
        self.outputs = outputs

    def predict(self, x, verbose):
        predicted = np.array([[0.25, 0.75]], np.float32)
        return predicted if self.outputs == 1 else [predicted, predicted[:, ::-1]]


@pytest.fixture(autouse=True)
def kit(monkeypatch):
    package = install_kit(monkeypatch)
    monkeypatch.setattr(
        "gradlens.live_report.models.to_tfjs",
        lambda model: ({"modelTopology": {}, "weightSpecs": []}, b"\x01\x02\x03\x04"),
    )
    return package


def test_the_page_contains_the_model_and_the_examples():
    page = gl.live(
        Model(), np.ones((2, 3)), np.ones((4, 3)), [0, 1, 0, 1],
        loss="sparse_categorical_crossentropy", labels=["cat", UNSAFE], kind="tabular",
    )  # fmt: skip
    part = read_part(page)
    assert json.loads(part.meta["params"]["model"])["format"] == "layers-model"
    assert part.meta["params"]["loss"] == {"name": "sparseCategoricalCrossentropy"}
    assert part.meta["params"]["attribution"] == "integratedGradients"
    assert part.data["examples"][0].dtype == np.float32
    assert part.data["examples"][0].shape == (2, 3)
    assert part.data["train_labels"].tolist() == [0, 1, 0, 1]
    assert part.data["weights"].tolist() == [1, 2, 3, 4]
    assert part.side["kind"] == "tabular"
    assert UNSAFE not in page.html
    assert "The model predicts &lt;/script&gt;&lt;img onerror=alert(1)&gt;" in page.html
    assert page.html.count("<script") == 4


def test_the_policy_allows_the_code_of_the_page():
    policy = gl.live(Model(), np.ones((1, 3))).html.split('content="')[1].split('"')[0]
    assert f"'{CODE_HASH}' 'wasm-unsafe-eval'; worker-src blob:" in policy
    assert "unsafe-inline" not in policy


def test_a_loss_with_options():
    loss = {"name": "categorical_focal_crossentropy_from_logits", "ignore_label": -1}
    page = gl.live(Model(), np.ones((1, 3)), np.ones((1, 3)), [0], loss=loss)
    assert read_part(page).meta["params"]["loss"] == {
        "name": "categoricalFocalCrossentropyFromLogits",
        "ignoreLabel": -1,
    }


def test_the_losses_are_those_of_the_javascript_package():
    names = Path(__file__).parents[2] / "src" / "losses" / "names.ts"
    listed = re.search(r"lossNames = \[(.*?)\]", names.read_text(encoding="utf-8"), re.DOTALL)
    camel = [re.sub("_([a-z])", lambda found: found[1].upper(), name) for name in LOSSES]
    assert camel == re.findall(r"'(\w+)'", listed[1])


def test_one_of_several_outputs_is_chosen():
    page = gl.live(Model(outputs=2), np.ones((1, 3)), output="depth", labels=["a", "b"])
    assert "The model predicts a, with an output of 0.75." in page.html
    with pytest.raises(gl.InvalidArgumentError, match="output: expected one of scores, depth"):
        gl.live(Model(outputs=2), np.ones((1, 3)))


def test_it_writes_a_file_and_shows_itself(tmp_path):
    page = gl.live(Model(), np.ones((1, 3)), path=tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    assert page._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert 'sandbox="allow-scripts allow-downloads"' in page._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x_train": np.ones((2, 3))}, "loss: expected one of categorical_crossentropy"),
        ({"x_train": np.ones((2, 3)), "loss": "huber"}, "y_train: expected both"),
        ({"x_train": np.ones((2, 3)), "y_train": [1], "loss": "huber"}, "expected 2 labels"),
        ({"loss": "mse"}, "loss: expected one of"),
        ({"attribution": "shap"}, "attribution: expected 'integrated_gradients' or"),
        ({"sim_fn": "cos"}, "sim_fn: expected 'grad_dot' or"),
        ({"x": np.ones((0, 3))}, "x: expected at least one example"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(gl.InvalidArgumentError, match=message):
        gl.live(Model(), **{"x": np.ones((1, 3)), **arguments})


def test_without_the_kit_it_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradlens_live", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'gradlens\[live\]'"):
        gl.live(Model(), np.ones((1, 3)))


def test_a_kit_of_another_version_is_refused(kit):
    kit.read_live_kit = lambda: SCRIPT.replace(__version__, "9.9.9")
    with pytest.raises(gl.InvalidArgumentError, match=r"version 9\.9\.9"):
        gl.live(Model(), np.ones((1, 3)))
