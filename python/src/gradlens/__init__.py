"""Explanations of neural networks in notebooks, dashboards and reports."""

from typing import TYPE_CHECKING, Any

from gradlens.constructors import attribution, explanation, similarity
from gradlens.errors import InvalidArgumentError, UnsupportedError
from gradlens.explanation import Explanation
from gradlens.files import load, save
from gradlens.report import html
from gradlens.trackers import log
from gradlens.version import __version__

if TYPE_CHECKING:
    from gradlens.ask_widget import ask
    from gradlens.explanation_widget import widget
    from gradlens.keras_writer import tfjs
    from gradlens.live_report import live

__all__ = [
    "Explanation",
    "InvalidArgumentError",
    "UnsupportedError",
    "__version__",
    "ask",
    "attribution",
    "explanation",
    "html",
    "live",
    "load",
    "log",
    "save",
    "similarity",
    "tfjs",
    "widget",
]

#: What needs more than numpy is imported when it is first used.
_LAZY = {
    "ask": "ask_widget",
    "live": "live_report",
    "tfjs": "keras_writer",
    "widget": "explanation_widget",
}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'gradlens' has no attribute {name!r}")
    from importlib import import_module

    try:
        value = getattr(import_module(f"gradlens.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets"):
            raise
        raise ModuleNotFoundError(
            f"gradlens.{name} needs anywidget: pip install 'gradlens[widget]'", name=error.name
        ) from error
    globals()[name] = value
    return value
