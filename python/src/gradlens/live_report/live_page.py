"""A page with a model, in a notebook or as a file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gradlens.explanation import Explanation
from gradlens.notebook import still_bundle
from gradlens.report import frame_html

_SENTENCE = "A page that contains a model. It runs in a notebook that is trusted."


class LivePage:
    """A page that contains a model and explains it. As the last line of a cell, it is shown.

    Parameters
    ----------
    html
        The page in one file.
    still
        What a notebook shows where no script runs; None for a sentence.
    """

    def __init__(self, html: str, still: Explanation | None) -> None:
        self.html = html
        self._still = still

    def save(self, path: str | Path) -> Path:
        """Write the page as a file, which needs no server and no network.

        Parameters
        ----------
        path
            Where to write it.

        Returns
        -------
        Path
            The path.
        """
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return f"<gradlens.LivePage: {len(self.html) / 1e6:.2f} MB>"

    def _repr_html_(self) -> str:
        return frame_html(self.html)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        bundle = {"text/plain": _SENTENCE} if self._still is None else still_bundle(self._still)
        if find_spec("anywidget") is None:
            return {**bundle, "text/html": self._repr_html_()}
        from gradlens.live_report.live_widget import LiveWidget

        shown = LiveWidget(page=self.html)._repr_mimebundle_()
        content, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return ({**bundle, **(content or {}), "text/plain": bundle["text/plain"]}, metadata)
