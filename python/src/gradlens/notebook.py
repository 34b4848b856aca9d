"""How notebooks show an explanation."""

from __future__ import annotations

import base64
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from gradlens.report import frame_html, html
from gradlens.sentence import describe_explanation
from gradlens.still import still_html, still_png

if TYPE_CHECKING:
    from gradlens.explanation import Explanation


def display_bundle(explanation: Explanation) -> Any:
    """Make the output of a notebook's cell.

    Parameters
    ----------
    explanation
        The explanation.

    Returns
    -------
    Any
        A mime bundle: a widget where anywidget is installed, otherwise HTML; and for notebooks
        that run no scripts, a still picture, a table and a sentence.
    """
    if find_spec("anywidget") is None:
        return {**still_bundle(explanation), "text/html": frame_html(html(explanation))}
    from gradlens.explanation_widget import widget

    return widget(explanation)._repr_mimebundle_()


def still_bundle(explanation: Explanation) -> dict[str, str]:
    """Make a mime bundle that needs no script.

    Parameters
    ----------
    explanation
        The explanation.

    Returns
    -------
    dict[str, str]
        A still picture, HTML without scripts, and a sentence.
    """
    bundle = {
        "text/plain": describe_explanation(explanation),
        "text/html": still_html(explanation),
    }
    picture = still_png(explanation)
    if picture is not None:
        bundle["image/png"] = base64.b64encode(picture).decode("ascii")
    return bundle
