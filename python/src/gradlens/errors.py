"""The errors that gradlens raises."""


class InvalidArgumentError(ValueError):
    """An argument that can't be used.

    Parameters
    ----------
    argument
        The name of the argument.
    got
        What was given.
    expected
        What is accepted.
    """

    def __init__(self, argument: str, got: str, expected: str) -> None:
        super().__init__(f"{argument}: expected {expected}, got {got}")
        self.argument = argument
        self.got = got
        self.expected = expected


class UnsupportedError(NotImplementedError):
    """Something that can't be done exactly, named, with a way out.

    Parameters
    ----------
    what
        The layer, option or value that isn't supported.
    way_out
        What to do instead.
    """

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(f"{what} is not supported. {way_out}")
        self.what = what
        self.way_out = way_out


def describe(value: object) -> str:
    """Describe a value in a few words, for a message.

    Parameters
    ----------
    value
        Any value.

    Returns
    -------
    str
        Its type, with its shape or length if it has one.
    """
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{type(value).__name__} of shape {tuple(shape)}"
    if isinstance(value, str | bytes | int | float | bool | None):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}…"
    if isinstance(value, list | tuple | dict):
        return f"{type(value).__name__} of length {len(value)}"
    return type(value).__name__
