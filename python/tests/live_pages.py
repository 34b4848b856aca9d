"""What the tests of pages with models share."""

import base64
import gzip
import re
import sys
import types

import gradlens as gl
from gradlens.version import __version__

CODE_HASH = "sha256-AAAA"
SCRIPT = f"/*! gradlens {__version__}, code {CODE_HASH} */\nglobalThis.live = true"


def install_kit(monkeypatch):
    """Install the scripts of live pages, which only the built packages have."""
    package = types.ModuleType("gradlens_live")
    package.read_live_kit = lambda: SCRIPT
    monkeypatch.setitem(sys.modules, "gradlens_live", package)
    monkeypatch.setattr("gradlens.live_report.write_live.read_elements", lambda: "elements = 1")
    return package


def read_part(page):
    """Read the live part of a page."""
    (content,) = re.findall(r'x-gradlens-live">([^<]*)<', page.html)
    return gl.Explanation.from_frame(gzip.decompress(base64.b64decode(content)))
