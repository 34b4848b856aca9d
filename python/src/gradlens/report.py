"""Reports: explanations in one file of HTML."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from gradlens.constructors import explanation as to_explanation
from gradlens.explanation import Explanation
from gradlens.frame import DType
from gradlens.kit import read_elements
from gradlens.still import still_html
from gradlens.version import __version__


def html(
    explanations: Any,
    path: str | Path | None = None,
    *,
    title: str = "Explanations",
    dtype: DType | None = "float32",
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
        The type of floating-point arrays in it: ``'float32'``, ``'float16'``, or None to keep
        theirs.

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
    given = [to_explanation(one) for one in listed]
    kit = read_elements()
    digest = base64.b64encode(hashlib.sha256(kit.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; require-trusted-types-for 'script'; trusted-types lit-html; "
        "base-uri 'none'; form-action 'none'"
    )
    # The head has no attributes: Weights & Biases looks for it by its text.
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta name="generator" content="gradlens {__version__}">\n'
        f"<title>{escape(title)}</title>\n</head>\n<body>\n"
        f"{_elements(given, dtype)}\n<script>{kit}</script>\n</body>\n</html>\n"
    )
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


def frame_html(explanations: Sequence[Explanation]) -> str:
    """Put a report into a sandboxed frame, for a page of another program.

    Parameters
    ----------
    explanations
        The explanations.

    Returns
    -------
    str
        An ``iframe`` with the report in it. It can run scripts, and reach nothing else.
    """
    page = escape(html(list(explanations)), quote=True)
    return (
        f'<iframe srcdoc="{page}" sandbox="allow-scripts allow-downloads" title="Explanation" '
        'style="width:100%;height:480px;border:0"></iframe>'
    )


def _elements(explanations: Sequence[Explanation], dtype: DType | None) -> str:
    parts = []
    for one in explanations:
        content = base64.b64encode(one.to_frame(dtype=dtype)).decode("ascii")
        parts.append(
            "<gl-explanation>"
            f'<script type="application/x-gradlens-frame">{content}</script>'
            f"{still_html(one)}</gl-explanation>"
        )
    return "\n".join(parts)
