"""Gradio: explanations as a component."""

from __future__ import annotations

import base64
from typing import Any

import gradio as gr

from gradlens.constructors import explanation as to_explanation
from gradlens.frame import DType
from gradlens.kit import read_module


class Explanation(gr.HTML):  # type: ignore[misc]
    """Shows an explanation, and has the event ``select``.

    Parameters
    ----------
    value
        An explanation, or what :func:`gradlens.explanation` accepts; a function may return one.
    dtype
        The type in which floating-point arrays are sent.
    options
        Properties of the element in snake_case, such as ``{'ink': True}``.
    **component
        Arguments of ``gr.HTML``.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        dtype: DType | None = "float32",
        options: dict[str, Any] | None = None,
        **component: Any,
    ) -> None:
        self._dtype = dtype
        self._options = options or {}
        super().__init__(
            value=value,
            html_template='<div class="gradlens"></div>',
            js_on_load=read_module("gradio"),
            **component,
        )

    def postprocess(self, value: Any) -> Any:
        """Convert an explanation to what the page gets.

        Parameters
        ----------
        value
            An explanation or None.

        Returns
        -------
        Any
            The frame in base64, with the options.
        """
        if value is None or (isinstance(value, dict) and "frame" in value):
            return value
        frame = to_explanation(value).to_frame(dtype=self._dtype)
        return {"frame": base64.b64encode(frame).decode("ascii"), "options": self._options}


def selected(event: gr.EventData) -> dict[str, Any] | None:
    """Return the training example that the user selected.

    Parameters
    ----------
    event
        The event ``select`` of an :class:`Explanation`.

    Returns
    -------
    dict[str, Any] | None
        ``index``, ``score``, ``label``, ``rank`` and ``end``; None if none is.
    """
    content = event._data
    return {**content} if content else None
