"""The notebook widget."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import anywidget
import traitlets

from gradlens.constructors import explanation as to_explanation
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.frame import DType
from gradlens.kit import read_adapter, read_module
from gradlens.notebook import still_bundle
from gradlens.version import __version__


class _Kit(anywidget.AnyWidget):  # type: ignore[misc]
    """The elements' code, for all widgets of a notebook."""

    _esm = "export default { render() {} }"
    code = traitlets.Unicode().tag(sync=True)


@cache
def _kit() -> _Kit:
    return _Kit(code=read_module("anywidget"))


class ExplanationWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """Shows an explanation in Jupyter, marimo, VS Code and Colab.

    Attributes
    ----------
    selected
        The training example that the user selected: ``index``, ``score``, ``label``, ``rank`` and
        ``end`` (``'most'`` or ``'least'``); None if none is.
    options
        Properties of the element in camelCase, such as ``{'ink': True}``.
    """

    _esm = read_adapter("widget-stub")
    frame = traitlets.Bytes().tag(sync=True)
    options = traitlets.Dict().tag(sync=True)
    selected = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    version = traitlets.Unicode(__version__).tag(sync=True)
    kit = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        # marimo's widgets can't reach one another, so each has the kit itself.
        if "marimo" in sys.modules:
            traits["_esm"] = read_module("anywidget")
        else:
            traits["kit"] = f"IPY_MODEL_{_kit().model_id}"
        super().__init__(**traits)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Add a still picture, for a notebook that is opened where no script runs."""
        shown = super()._repr_mimebundle_(**options)
        content, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        still = still_bundle(Explanation.from_frame(self.frame)) if self.frame else {}
        return {**content, **still}, metadata


def widget(
    explanation: Any, *, dtype: DType | None = "float32", **options: Any
) -> ExplanationWidget:
    """Make a notebook widget that shows an explanation.

    Parameters
    ----------
    explanation
        An explanation, or what :func:`gradlens.explanation` accepts.
    dtype
        The type in which floating-point arrays are sent: ``'float32'``, ``'float16'``, or None to
        keep theirs.
    **options
        Properties of the element in snake_case, such as ``ink=True``.

    Returns
    -------
    ExplanationWidget
        The widget. ``widget.observe(f, 'selected')`` calls ``f`` when the user selects an example.

    Raises
    ------
    InvalidArgumentError
        If it isn't an explanation.
    """
    given: Explanation = to_explanation(explanation)
    if "frame" in options:
        raise InvalidArgumentError("frame", describe(options["frame"]), "a property of the element")
    return ExplanationWidget(
        frame=given.to_frame(dtype=dtype),
        options=camel_case_keys(options),
    )


def camel_case_keys(options: Mapping[str, Any]) -> dict[str, Any]:
    """Name an element's properties as JavaScript does.

    Parameters
    ----------
    options
        The properties by their names in snake_case.

    Returns
    -------
    dict[str, Any]
        The same properties by their names in camelCase.
    """
    return {_camel_case(name): value for name, value in options.items()}


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
