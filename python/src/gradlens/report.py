"""Reports: explanations in one file of HTML."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Any

from gradlens.constructors import explanation as to_explanation
from gradlens.explanation import Explanation
from gradlens.frame import DType
from gradlens.kit import read_elements
from gradlens.report_page import format_page
from gradlens.still import still_html


def html(
    explanations: Any,
    path: str | Path | None = None,
    *,
    title: str = "Explanations",
    dtype: DType | None = None,
) -> str:
    """Write explanations as one file of HTML that needs no server and no network.

    Parameters
    ----------
    explanations
        An explanation or a list of them; each is what :func:`gradlens.explanation` accepts.
    path
        Where to write it. Default: it is only returned.
    title
        The page's title.
    dtype
        The type of floating-point arrays in it, ``'float32'`` or ``'float16'``, for smaller pages.
        Default: each array keeps its own.

    Returns
    -------
    str
        The page. Where no script runs, it shows still pictures and tables.

    Raises
    ------
    InvalidArgumentError
        If one isn't an explanation.
    """
    listed = explanations if isinstance(explanations, list | tuple) else [explanations]
    sections = [
        f"<section>\n{format_explanation(to_explanation(one), dtype)}\n</section>" for one in listed
    ]
    page = format_page(title, sections, [read_elements()])
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


def format_explanation(explanation: Explanation, dtype: DType | None) -> str:
    """Write the element of an explanation, with its frame and its still."""
    content = base64.b64encode(explanation.to_frame(dtype=dtype)).decode("ascii")
    return (
        f'<gl-explanation><script type="application/x-gradlens-frame">{content}</script>\n'
        f"{still_html(explanation, is_styled=False)}\n</gl-explanation>"
    )


def frame_html(page: str) -> str:
    """Put a report into a sandboxed frame, for a page of another program.

    The frame can run scripts, and reach nothing else.
    """
    return (
        f'<iframe srcdoc="{escape(page, quote=True)}" sandbox="allow-scripts allow-downloads" '
        'title="Explanation" style="width:100%;height:480px;border:0"></iframe>'
    )
