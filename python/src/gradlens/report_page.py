"""The page around the explanations of a report, as the JavaScript package writes it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape

#: The style of reports, the same text as in the JavaScript package.
STYLE = """:root{color-scheme:light dark}
body{background:light-dark(#fff,#131317);color:light-dark(#17171c,#ececf1);font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:960px;padding:16px}
h1{font-size:24px;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:18px;overflow-wrap:anywhere}
section{margin-block:32px}
gl-explanation{display:block}
figure{margin:0}
img{image-rendering:pixelated;max-width:100%;min-width:min(100%,240px);min-height:24px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin-block:16px}
caption{text-align:start}
th,td{border-block-end:1px solid light-dark(#dcdce2,#2f2f38);padding:4px 16px 4px 0;text-align:start;font-weight:400;overflow-wrap:anywhere}"""  # noqa: E501

#: What the style of live reports has in addition.
LIVE_STYLE = """gl-explainer{display:block;margin-block-start:16px}
.note{color:light-dark(#5a5a66,#a9a9b4);font-size:13px}
.note:empty{display:none}
input{font:inherit;width:6em}"""


def format_page(
    title: str, sections: Sequence[str], scripts: Sequence[str], code_hash: str | None = None
) -> str:
    """Write a report around its sections.

    ``code_hash`` is the hash of the code that a live report unpacks, which may also run in a
    worker, and use WebAssembly.
    """
    trimmed = [script.strip() for script in scripts]
    style = STYLE if code_hash is None else f"{STYLE}\n{LIVE_STYLE}"
    # The head has no attributes: Weights & Biases looks for it by its text.
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        f'content="{_format_policy(trimmed, style, code_hash)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n"
        + "\n".join([*sections, *(f"<script>{script}</script>" for script in trimmed)])
        + "\n</body>\n</html>\n"
    )


def _format_policy(scripts: Sequence[str], style: str, code_hash: str | None) -> str:
    sources = [_hash(script) for script in scripts]
    if code_hash is not None:
        sources += [f"'{code_hash}'", "'wasm-unsafe-eval'"]
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(sources)}",
            *([] if code_hash is None else ["worker-src blob:"]),
            f"style-src {_hash(style)}",
            "img-src data: blob:",
            "require-trusted-types-for 'script'",
            f"trusted-types lit-html{'' if code_hash is None else ' gradlens default'}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
