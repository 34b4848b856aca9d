"""Dash: explanations as a component."""

from __future__ import annotations

import base64
from typing import Any

from dash.development.base_component import Component

import gradlens
from gradlens.constructors import explanation as to_explanation
from gradlens.frame import DType

# Dash looks for a component's scripts at the top of its package.
gradlens._js_dist = [
    {"namespace": "gradlens", "relative_package_path": "static/elements.global.js"},
    {"namespace": "gradlens", "relative_package_path": "adapters/dash.js"},
]


class Explanation(Component):  # type: ignore[misc]
    """Shows an explanation; the property ``selected`` is the example that the user selected.

    Parameters
    ----------
    id
        The component's id.
    explanation
        An explanation, or what :func:`gradlens.explanation` accepts.
    dtype
        The type in which floating-point arrays are sent.
    options
        Properties of the element in snake_case, such as ``{'ink': True}``.
    **component
        Other properties.
    """

    _children_props: list[str] = []  # noqa: RUF012 -- Dash's own form
    _base_nodes = ["children"]  # noqa: RUF012
    _namespace = "gradlens"
    _type = "Explanation"

    def __init__(
        self,
        id: Any = None,
        explanation: Any = None,
        *,
        dtype: DType | None = "float32",
        options: dict[str, Any] | None = None,
        **component: Any,
    ) -> None:
        self._prop_names = ["id", "frame", "options", "selected"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_properties: list[str] = []
        given = {"options": options or {}, **component}
        if id is not None:
            given["id"] = id
        if explanation is not None:
            given["frame"] = encode(explanation, dtype=dtype)
        super().__init__(**given)


def encode(explanation: Any, *, dtype: DType | None = "float32") -> str:
    """Encode an explanation for the property ``frame``, which a callback can set.

    Parameters
    ----------
    explanation
        An explanation, or what :func:`gradlens.explanation` accepts.
    dtype
        The type of floating-point arrays.

    Returns
    -------
    str
        The frame in base64.
    """
    frame = to_explanation(explanation).to_frame(dtype=dtype)
    return base64.b64encode(frame).decode("ascii")
