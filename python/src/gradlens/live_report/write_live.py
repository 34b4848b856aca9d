"""Models in pages."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from gradlens.arrays import to_array, to_list
from gradlens.constructors import explanation as to_explanation
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.frame import DType
from gradlens.kit import read_elements
from gradlens.live_report.live_kit import read_live_script
from gradlens.live_report.live_page import LivePage
from gradlens.live_report.losses import read_loss
from gradlens.live_report.models import pack_model
from gradlens.live_report.predictions import predict
from gradlens.report import format_explanation
from gradlens.report_page import format_page


def live(
    model: Any,
    x: Any,
    x_train: Any = None,
    y_train: Any = None,
    *,
    loss: str | Mapping[str, Any] | None = None,
    path: str | Path | None = None,
    explanation: Any = None,
    sim_fn: Literal["grad_dot", "grad_cos", "grad_asym_dot"] = "grad_dot",
    top_k: int = 5,
    precompute_grads: bool = True,
    attribution: Literal["integrated_gradients", "gradient", "none"] = "integrated_gradients",
    layer: str | None = None,
    output: str | None = None,
    title: str = "Ask the model",
    labels: Sequence[str] | None = None,
    dtype: DType | None = "float32",
    **options: Any,
) -> LivePage:
    """Make a page that contains a model and explains its predictions, without Python.

    Parameters
    ----------
    model
        A Keras 3 model, sequential or functional, with layers that TensorFlow.js has; or an ONNX
        model: the path or the bytes of an .onnx file, or a ModelProto. The page converts it.
    x
        The examples to explain [n, …]; users choose one. For several inputs a list of arrays.
    x_train
        The training examples, in the same form. The page ranks them by their similarity.
    y_train
        Their labels, as the loss expects them.
    loss
        The loss that the model was trained with: Keras's name, such as
        ``'sparse_categorical_crossentropy'``, with ``_from_logits`` for a model of logits; or a
        dictionary of ``name`` and the loss's options.
    path
        Where to write the page. Default: it is only returned.
    explanation
        What is shown until the model runs, and where it can't. Default: the model's prediction; of
        an ONNX model only if onnxruntime is installed.
    sim_fn
        How gradients are compared.
    top_k
        How many of the most and the least similar examples are shown.
    precompute_grads
        Whether the page stores the training gradients: more memory, faster later answers.
    attribution
        How predictions are attributed.
    layer
        The name of the layer to attribute to, such as an embedding. Default: the inputs. Of an ONNX
        model an operator, a tensor, or the table of an embedding.
    output
        The name of the output to explain, of a model of several.
    title
        The heading.
    labels
        The names of the classes.
    dtype
        The type of the examples in the page. The weights stay as they are.
    **options
        Properties of ``<gl-explainer>`` in snake_case, such as ``kind='image'``.

    Returns
    -------
    LivePage
        The page. Notebooks show it, and ``save`` writes it as a file.

    Raises
    ------
    InvalidArgumentError
        If it isn't such a model, or the examples and labels don't fit together.
    UnsupportedError
        If TensorFlow.js can't compute the model; the layer or operator is named.
    """
    script, code_hash = read_live_script()
    examples = _read_examples("x", x)
    description, weights = pack_model(model, examples, output)
    attributions = {"integrated_gradients": "integratedGradients"}
    params = {
        "model": description,
        "output": output,
        "loss": read_loss(loss, is_needed=x_train is not None),
        "sim_fn": _choose("sim_fn", sim_fn, ("grad_dot", "grad_cos", "grad_asym_dot")),
        "top_k": top_k,
        "precompute_grads": precompute_grads,
        "attribution": attributions.get(
            _choose("attribution", attribution, ("integrated_gradients", "gradient", "none")),
            attribution,
        ),
        "layer": layer,
    }
    side = {**options, "labels": to_list("labels", labels)}
    data = {"examples": examples, **_read_training(x_train, y_train), "weights": weights}
    frame = Explanation({"name": "Live", "params": params}, data, side).to_frame(dtype=dtype)
    still = (
        predict(model, examples, output, side)
        if explanation is None
        else to_explanation(explanation)
    )
    content = base64.b64encode(gzip.compress(frame, mtime=0)).decode("ascii")
    section = (
        '<section>\n<p class="note">Where scripts may run, this page contains the model and '
        "explains its predictions.</p>\n"
        + ("" if still is None else f"{format_explanation(still, dtype)}\n")
        + f'<script type="application/x-gradlens-live">{content}</script>\n</section>'
    )
    page = LivePage(format_page(title, [section], [read_elements(), script], code_hash), still)
    if path is not None:
        page.save(path)
    return page


def _read_examples(argument: str, value: Any) -> list[Any]:
    is_list = isinstance(value, list | tuple) and len(value) > 0 and hasattr(value[0], "shape")
    arrays = [to_array(argument, one) for one in (value if is_list else [value])]
    counts = {array.shape[0] if array.ndim > 0 else 0 for array in arrays}
    if len(counts) != 1 or counts == {0}:
        got = " and ".join(str(array.shape) for array in arrays)
        expected = "at least one example, and as many for each input"
        raise InvalidArgumentError(argument, got, expected)
    return arrays


def _read_training(x_train: Any, y_train: Any) -> dict[str, Any]:
    if x_train is None and y_train is None:
        return {"train_examples": None, "train_labels": None}
    if x_train is None or y_train is None:
        missing = "x_train" if x_train is None else "y_train"
        raise InvalidArgumentError(missing, "None", "both x_train and y_train, or none")
    examples, labels = _read_examples("x_train", x_train), to_array("y_train", y_train)
    count = examples[0].shape[0]
    if labels.ndim == 0 or labels.shape[0] != count:
        raise InvalidArgumentError("y_train", describe(labels), f"{count} labels, as in x_train")
    return {"train_examples": examples, "train_labels": labels}


def _choose(argument: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise InvalidArgumentError(argument, describe(value), expected)
    return value
