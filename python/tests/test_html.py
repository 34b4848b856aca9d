import html.parser
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

import gradlens as gl
from gradlens.still import still_html, still_png

UNSAFE = "</script><img onerror=alert(1)>"


class Tags(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def explanations(rng):
    yield gl.attribution(rng.normal(size=(1, 8, 8, 3)), target=0, labels=[UNSAFE])
    yield gl.attribution(rng.normal(size=(1, 3, 8, 8)), channels="first", target=0, labels=[UNSAFE])
    yield gl.attribution(rng.normal(size=(1, 4)), features=[UNSAFE] * 4)
    yield gl.attribution(rng.normal(size=(1, 4, 2)), tokens=[UNSAFE] * 4)
    yield gl.similarity(
        rng.normal(size=9), examples=rng.normal(size=(9, 8, 8)), train_labels=[UNSAFE] * 9
    )
    yield gl.similarity(rng.normal(size=9), examples=[UNSAFE] * 9)


def test_labels_stay_text(rng):
    for explanation in explanations(rng):
        for page in (still_html(explanation), gl.html(explanation, title=UNSAFE)):
            tags = Tags(page)
            assert not any("onerror" in attributes for _, attributes in tags.tags)
            scripts = [tag for tag, _ in tags.tags if tag == "script"]
            assert len(scripts) == (2 if "<html" in page else 0)


def test_the_head_has_no_attributes(rng):
    page = gl.html(list(explanations(rng)))
    assert page.count("<head>") == 1
    assert page.index("<head>") < page.index("<script")


def test_the_policy_allows_the_script_of_the_page(rng, elements):
    import base64
    import hashlib

    page = gl.html(next(explanations(rng)))
    digest = base64.b64encode(hashlib.sha256(elements.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert f"<script>{elements}</script>" in page


def test_the_frame_is_in_the_page(rng):
    import base64

    explanation = next(explanations(rng))
    (content,) = re.findall(r'x-gradlens-frame">([^<]*)<', gl.html(explanation, dtype=None))
    read = gl.Explanation.from_frame(base64.b64decode(content))
    np.testing.assert_array_equal(read.attributions[0], explanation.attributions[0])


def test_stills_are_pngs(rng):
    drawn = [still_png(explanation) for explanation in explanations(rng)]
    assert [png is not None for png in drawn] == [True, True, False, False, True, False]
    for png in filter(None, drawn):
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", png[16:24])
        length = struct.unpack(">I", png[33:37])[0]
        channels = {2: 3, 6: 4}[png[25]]
        assert len(zlib.decompress(png[41 : 41 + length])) == height * (1 + channels * width)


def test_similar_images_are_apart_on_any_ground(rng):
    images = rng.random((3, 4, 4))
    png = still_png(gl.similarity([3.0, 2.0, 1.0], examples=images))
    length = struct.unpack(">I", png[33:37])[0]
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + length]), np.uint8).reshape(96, -1)[:, 1:]
    opacity = rows.reshape(96, 3 * 96 + 2 * 4, 4)[..., 3]
    gaps = [*range(96, 100), *range(196, 200)]
    assert (opacity[:, gaps] == 0).all()
    assert (np.delete(opacity, gaps, axis=1) == 255).all()


def test_a_still_shows_signs_as_colours():
    values = np.zeros((1, 4, 4))
    values[0, 0, 0], values[0, 3, 3] = 1.0, -1.0
    png = still_png(gl.attribution(values))
    length = struct.unpack(">I", png[33:37])[0]
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + length]), np.uint8).reshape(224, -1)[:, 1:]
    pixels = rows.reshape(224, 224, 3)
    assert tuple(pixels[0, 0]) == (179, 88, 6)
    assert tuple(pixels[-1, -1]) == (84, 39, 136)
    assert tuple(pixels[0, -1]) == (247, 247, 247)


@pytest.mark.parametrize("values", [np.zeros((0, 4, 4)), np.full((1, 4, 4), np.nan)])
def test_stills_of_nothing(values):
    assert isinstance(still_html(gl.attribution(values)), str)


def test_the_sentence(rng):
    ranking = gl.similarity([0.1, 0.9], train_labels=[0, 1], labels=["cat", "dog"])
    assert "The most similar is example 1, labelled dog, with a score of 0.9." in repr(ranking)
    assert "for it" in repr(gl.attribution(rng.normal(size=(1, 3)), target=0, labels=["cat"]))


def test_the_page_equals_that_of_the_javascript_package(monkeypatch):
    """Both take the same frame. Only the stills, which each package draws itself, differ."""
    folder = Path(os.environ["GRADLENS_JAVASCRIPT"])
    kit = (folder / "elements.global.js").read_text(encoding="utf-8")
    monkeypatch.setattr("gradlens.report.read_elements", lambda: kit)
    explanations = [gl.load(folder / f"{name}.safetensors") for name in ("first", "second")]
    for name, dtype in (("report", None), ("report-float16", "float16")):
        theirs = (folder / f"{name}.html").read_text(encoding="utf-8")
        ours = gl.html(explanations, title="Both packages & <their> pages", dtype=dtype)
        assert without_stills(ours) == without_stills(theirs)


def without_stills(page):
    """The page without the stills; it must have some."""
    found = re.compile(r"(</script>\n)<figure>.+?(\n</gl-explanation>)", re.DOTALL)
    rest, count = found.subn(r"\1\2", page)
    assert count == 2
    return rest
