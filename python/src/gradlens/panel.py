"""Panel: explanations as a component."""

from __future__ import annotations

import base64
from typing import Any

import param
from panel.custom import JSComponent

from gradlens.constructors import explanation as to_explanation
from gradlens.frame import DType
from gradlens.kit import read_adapter, read_elements


class Explanation(JSComponent):  # type: ignore[misc]
    """Shows an explanation; the parameter ``selected`` is the example that the user selected.

    Parameters
    ----------
    explanation
        An explanation, or what :func:`gradlens.explanation` accepts.
    dtype
        The type in which floating-point arrays are sent.
    **component
        Parameters of Panel's components, such as ``sizing_mode`` (default ``'stretch_width'``), and
        ``options``: properties of the element in snake_case.
    """

    frame = param.String(default="")
    options = param.Dict(default={})
    selected = param.Dict(default=None, allow_None=True)

    #: The elements' code. Panel compiles modules, and fails at code as dense as this.
    elements = param.String(default=read_elements())

    _esm = read_adapter("panel")

    def __init__(
        self, explanation: Any, *, dtype: DType | None = "float32", **component: Any
    ) -> None:
        frame = to_explanation(explanation).to_frame(dtype=dtype)
        component.setdefault("sizing_mode", "stretch_width")
        super().__init__(frame=base64.b64encode(frame).decode("ascii"), **component)
