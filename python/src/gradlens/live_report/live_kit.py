"""The script that runs a model in a page, which is a package of its own."""

from __future__ import annotations

import re

from gradlens.errors import InvalidArgumentError, describe
from gradlens.version import __version__

_HEAD = re.compile(r"/\*! gradlens (\S+), code (sha256-[A-Za-z0-9+/=]+) \*/\n")


def read_live_script() -> tuple[str, str]:
    """Read the script of live reports, and the hash of the code that it unpacks.

    Raises
    ------
    ModuleNotFoundError
        If the package gradlens-live isn't installed.
    InvalidArgumentError
        If it has another version.
    """
    try:
        from gradlens_live import read_live_kit
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "gradlens.live needs the package gradlens-live: pip install 'gradlens[live]'",
            name=error.name,
        ) from error
    script = read_live_kit()
    found = _HEAD.match(script)
    if found is None or found[1] != __version__:
        got = describe(script[:40]) if found is None else f"version {found[1]}"
        expected = f"version {__version__}: pip install 'gradlens[live]=={__version__}'"
        raise InvalidArgumentError("gradlens-live", got, expected)
    return script, found[2]
