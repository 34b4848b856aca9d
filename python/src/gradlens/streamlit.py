"""Streamlit: explanations as a component."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import streamlit as st

from gradlens.constructors import explanation as to_explanation
from gradlens.frame import DType
from gradlens.kit import read_module


@cache
def _component() -> Any:
    return st.components.v2.component("gradlens_explanation", js=read_module("streamlit"))


def explanation(
    source: Any,
    *,
    key: str | None = None,
    dtype: DType | None = "float32",
    **options: Any,
) -> dict[str, Any] | None:
    """Show an explanation.

    Parameters
    ----------
    source
        An explanation, or what :func:`gradlens.explanation` accepts.
    key
        The component's key, where a page shows several.
    dtype
        The type in which floating-point arrays are sent.
    **options
        Properties of the element in snake_case, such as ``ink=True``.

    Returns
    -------
    dict[str, Any] | None
        The training example that the user selected: ``index``, ``score``, ``label``, ``rank`` and
        ``end``; None if none is.
    """
    frame = to_explanation(source).to_frame(dtype=dtype)
    content = {"frame": base64.b64encode(frame).decode("ascii"), "options": options}
    result = _component()(data=content, key=key, on_selected_change=lambda: None)
    selected: dict[str, Any] | None = result.selected
    return selected
