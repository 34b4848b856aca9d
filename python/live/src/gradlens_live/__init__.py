"""What gradlens.live puts into a page to run a model there."""

from importlib.resources import files


def read_live_kit() -> str:
    """Read the script that runs a model in a page.

    Returns
    -------
    str
        JavaScript.

    Raises
    ------
    FileNotFoundError
        If the package has no built files.
    """
    file = files("gradlens_live") / "live.global.js"
    if not file.is_file():
        raise FileNotFoundError(
            "gradlens-live was installed from its sources without the built JavaScript. "
            "Install the wheel, or run `npm run build` in the repository."
        )
    return file.read_text(encoding="utf-8")
