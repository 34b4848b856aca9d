"""Still pictures of explanations, for places where no script runs."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradlens.sentence import describe_explanation, find_target, name_label

if TYPE_CHECKING:
    from gradlens.explanation import Explanation

#: Negative, zero and positive attributions: the ends and the middle of PuOr.
_NEGATIVE, _ZERO, _POSITIVE = (
    np.array((84, 39, 136)),
    np.array((247, 247, 247)),
    np.array((179, 88, 6)),
)
#: The longest side of a still, in pixels.
_SIDE = 224
#: The rows of a table.
_ROWS = 10


def still_html(explanation: Explanation, *, is_styled: bool = True) -> str:
    """Draw an explanation as a figure and a table that need no script.

    Parameters
    ----------
    explanation
        The explanation.
    is_styled
        Whether the figure has its own style, for pages of other programs.

    Returns
    -------
    str
        HTML. Labels and texts of the explanation are escaped.
    """
    sentence = escape(describe_explanation(explanation))
    picture = still_png(explanation)
    image = ""
    if picture is not None:
        address = base64.b64encode(picture).decode("ascii")
        style = ' style="image-rendering:pixelated;max-width:100%"' if is_styled else ""
        image = f'<img alt="" src="data:image/png;base64,{address}"{style}>'
    style = ' style="margin:0;font:15px/1.4 system-ui,sans-serif"' if is_styled else ""
    return (
        f"<figure{style}>{image}<figcaption>{sentence}</figcaption></figure>\n{_table(explanation)}"
    )


def still_png(explanation: Explanation) -> bytes | None:
    """Draw an explanation as a PNG.

    Parameters
    ----------
    explanation
        The explanation.

    Returns
    -------
    bytes | None
        The first example's map, or the most similar training images; None if nothing of it is an
        image.
    """
    draw = _draw_similar if explanation.is_similarity else _draw_map
    pixels = draw(explanation)
    return None if pixels is None else write_png(pixels)


def write_png(pixels: NDArray[np.uint8]) -> bytes:
    """Write pixels as a PNG.

    Parameters
    ----------
    pixels
        [height, width, 3], or [height, width, 4] with an opacity.

    Returns
    -------
    bytes
        The file.
    """
    height, width, channels = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            chunk(b"IEND", b""),
        )
    )


def _draw_map(explanation: Explanation) -> NDArray[np.uint8] | None:
    attributions = explanation.data.get("attributions")
    if attributions is None or explanation.side.get("tokens") is not None:
        return None
    arrays = attributions if isinstance(attributions, list) else [attributions]
    array = np.nan_to_num(np.asarray(arrays[0], dtype=np.float64))
    if array.ndim not in (3, 4) or array.shape[0] == 0:
        return None
    of_layer = explanation.meta.get("params", {}).get("layer") is not None
    key = "layer_channels" if of_layer else "channels"
    one = _channels_last(array[0], _channels(explanation, key))
    if one.ndim == 3:
        if one.shape[2] > 4:
            return None
        one = one.sum(axis=2)
    limit = float(np.percentile(np.abs(one), 99)) or float(np.abs(one).max(initial=0)) or 1.0
    share = np.clip(one / limit, -1, 1)[..., None]
    ends = np.where(share > 0, _POSITIVE, _NEGATIVE)
    colors = _ZERO + (ends - _ZERO) * np.abs(share)
    return _fit(colors.round().astype(np.uint8))


def _draw_similar(explanation: Explanation) -> NDArray[np.uint8] | None:
    similar = explanation.data.get("most_similar")
    if not isinstance(similar, np.ndarray) or similar.ndim not in (4, 5) or similar.size == 0:
        return None
    drawn = [_draw_image(_channels_last(image, _channels(explanation))) for image in similar[0]]
    pictures = [picture for picture in drawn if picture is not None]
    if not pictures:
        return None
    height = pictures[0].shape[0]
    gap = np.zeros((height, 4, 4), np.uint8)
    opaque = [np.pad(one, ((0, 0), (0, 0), (0, 1)), constant_values=255) for one in pictures]
    return np.concatenate([part for picture in opaque for part in (picture, gap)][:-1], axis=1)


def _draw_image(image: NDArray[Any]) -> NDArray[np.uint8] | None:
    if image.ndim == 2:
        image = image[..., None]
    if image.shape[2] not in (1, 3, 4):
        return None
    values = image[..., :3].astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
    if finite.size == 0:
        return None
    scaled = (values - low) / ((high - low) or 1.0) * 255
    colors = np.nan_to_num(scaled).round().astype(np.uint8)
    return _fit(np.broadcast_to(colors, (*colors.shape[:2], 3)), side=96)


def _fit(pixels: NDArray[np.uint8], side: int = _SIDE) -> NDArray[np.uint8]:
    """Enlarge small pictures by a whole factor, and thin out large ones."""
    longest = max(pixels.shape[:2])
    if longest > side:
        step = -(-longest // side)
        return pixels[::step, ::step]
    factor = max(1, side // longest)
    return np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)


def _channels(explanation: Explanation, key: str = "channels") -> str:
    channels = explanation.meta.get("params", {}).get(key)
    return (channels[0] or "last") if isinstance(channels, list) and channels else "last"


def _channels_last(image: NDArray[Any], channels: str) -> NDArray[Any]:
    return np.moveaxis(image, 0, -1) if channels == "first" and image.ndim == 3 else image


def _table(explanation: Explanation) -> str:
    if explanation.is_similarity:
        rows = _similar_rows(explanation)
    elif explanation.is_prediction:
        rows = _output_rows(explanation)
    else:
        rows = _feature_rows(explanation)
    if not rows:
        return ""
    head, *body = rows
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


def _similar_rows(explanation: Explanation) -> list[list[str]]:
    scores = np.atleast_2d(explanation.data["scores"])
    indices = np.atleast_2d(explanation.data["ordered_indices"])
    labels = explanation.side.get("train_labels")
    rows = [["Training example", "Score", *(["Label"] if labels is not None else [])]]
    for index, score in list(zip(indices[0], scores[0], strict=True))[:_ROWS]:
        own = [str(int(index)), f"{score:.4g}"]
        if labels is not None:
            known = int(index) < len(labels)
            own.append(name_label(explanation, labels[int(index)]) if known else "")
        rows.append(own)
    return rows


def _output_rows(explanation: Explanation) -> list[list[str]]:
    outputs = np.atleast_2d(explanation.data["predictions"])[0].reshape(-1)
    order = np.argsort(-outputs, kind="stable")[:_ROWS]
    return [
        ["Class", "Output"],
        *([name_label(explanation, int(index)), f"{outputs[index]:.4g}"] for index in order),
    ]


def _feature_rows(explanation: Explanation) -> list[list[str]]:
    attributions = explanation.data.get("attributions")
    if attributions is None:
        return []
    arrays = attributions if isinstance(attributions, list) else [attributions]
    one = np.asarray(arrays[0], dtype=np.float64)
    tokens = explanation.side.get("tokens")
    if one.ndim == 3 and tokens is not None:
        one = one.sum(axis=2)
    if one.ndim != 2 or one.shape[0] == 0:
        return []
    names = tokens or explanation.side.get("features") or []
    target = find_target(explanation, 0)
    head = "Attribution" if target is None else f"Attribution to {name_label(explanation, target)}"
    order = np.argsort(-np.abs(one[0]), kind="stable")[:_ROWS]
    named = [str(names[i]) if i < len(names) else str(i) for i in order]
    body = [[name, f"{one[0, i]:+.4g}"] for name, i in zip(named, order, strict=True)]
    return [["Word" if tokens else "Feature", head], *body]
