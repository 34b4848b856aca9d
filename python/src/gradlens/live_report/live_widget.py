"""The notebook widget of a page with a model."""

from __future__ import annotations

import anywidget
import traitlets

from gradlens.kit import read_module


class LiveWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """Shows a page in a sandboxed frame, which notebooks that aren't trusted leave out."""

    _esm = read_module("live-page")
    page = traitlets.Unicode().tag(sync=True)
