"""The JavaScript of the package: the elements, and a small adapter per host."""

from functools import cache
from importlib.resources import files

#: The built elements, one classic script.
ELEMENTS = "elements.global.js"

_MISSING = (
    "gradlens was installed from its sources without the built JavaScript. "
    "Install the wheel, or run `npm run build` in the repository."
)


@cache
def read_elements() -> str:
    """Read the script that registers the elements.

    Returns
    -------
    str
        JavaScript, which can also be part of a module.

    Raises
    ------
    FileNotFoundError
        If the package has no built files.
    """
    file = files("gradlens") / "static" / ELEMENTS
    if not file.is_file():
        raise FileNotFoundError(_MISSING)
    return file.read_text(encoding="utf-8")


@cache
def read_adapter(name: str) -> str:
    """Read the adapter of a host.

    Parameters
    ----------
    name
        The host.

    Returns
    -------
    str
        JavaScript that needs the elements.
    """
    return (files("gradlens") / "adapters" / f"{name}.js").read_text(encoding="utf-8")


@cache
def read_module(name: str) -> str:
    """Read the adapter of a host together with the elements.

    Parameters
    ----------
    name
        The host.

    Returns
    -------
    str
        One file of JavaScript.
    """
    return f"{read_elements()}\n{read_adapter(name)}"
