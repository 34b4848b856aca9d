from types import SimpleNamespace

import numpy as np
import pytest

import gradlens as gl


def test_takes_the_explanation_of_alibi():
    source = SimpleNamespace(
        meta={"name": "IntegratedGradients", "params": {"target_fn": len}},
        data={"attributions": [np.ones((2, 3))], "X": np.zeros((2, 3)), "target": [0, 1]},
    )
    explanation = gl.explanation(source, labels=["a", "b"])
    assert explanation.meta["name"] == "IntegratedGradients"
    assert explanation.attributions[0].shape == (2, 3)
    assert explanation.side["labels"] == ["a", "b"]
    assert gl.explanation(explanation, tokens=["x"]).side == {"labels": ["a", "b"], "tokens": ["x"]}
    frame = gl.Explanation.from_frame(explanation.to_frame())
    assert "built" in frame.meta["params"]["target_fn"]


def test_takes_images_with_channels_first():
    explanation = gl.attribution(
        np.ones((2, 3, 8, 8)), x=np.zeros((2, 3, 8, 8)), target=4, channels="first"
    )
    assert explanation.target.tolist() == [4, 4]
    assert explanation.meta["params"]["channels"] == ["first"]


def test_takes_time_series(rng):
    explanation = gl.attribution(
        rng.normal(size=(2, 3, 8)), channels="first", kind="series", times=["Mon", "Tue"]
    )
    assert explanation.side == {"kind": "series", "times": ["Mon", "Tue"]}
    assert explanation.meta["params"]["channels"] == ["first"]


def test_keeps_only_the_most_similar_if_not_all_are_ranked():
    texts = [f"t{i}" for i in range(8)]
    assert "least_similar" not in gl.similarity([0.5, 0.25], [1, 0], examples=texts).data
    assert "least_similar" in gl.similarity([0.5, 0.25], [1, 0], examples=texts[:2]).data
    labelled = gl.similarity([0.5, 0.25], [1, 0], examples=texts[:2], train_labels=[0, 1, 1])
    assert "least_similar" not in labelled.data


def test_takes_several_inputs(rng):
    arrays = (rng.normal(size=(2, 4)), rng.normal(size=(2, 5)))
    explanation = gl.attribution(arrays, x=arrays)
    assert [array.shape for array in explanation.X] == [(2, 4), (2, 5)]
    assert explanation.meta["params"]["input_count"] == 2


@pytest.mark.parametrize("seed", range(10))
def test_ranks_scores(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 4, size=(2, 12)).astype(float)
    scores[1, 3] = np.nan
    examples = rng.normal(size=(12, 5))
    explanation = gl.similarity(scores, examples=examples, train_labels=np.arange(12) % 2, top_k=3)
    order = explanation.ordered_indices
    for row in range(2):
        assert sorted(order[row]) == list(range(12))
        ranked = explanation.scores[row][np.isfinite(explanation.scores[row])]
        assert (np.diff(ranked) <= 0).all()
        ties = np.diff(ranked) == 0
        assert (np.diff(order[row][: len(ranked)])[ties] > 0).all(), "ties keep the lower index"
    np.testing.assert_array_equal(explanation.most_similar, examples[order[:, :3]])
    assert explanation.non_finite == [[], [3]]


def test_keeps_a_given_order():
    explanation = gl.similarity([0.5, 0.25], [7, 2], examples=[f"t{i}" for i in range(8)])
    assert explanation.most_similar == [["t7", "t2"]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gl.attribution(np.ones((2, 3)), x=np.ones((3, 3))), "x: expected 2 examples"),
        (lambda: gl.attribution(np.ones(3)), r"arrays \[n, …\]"),
        (lambda: gl.attribution("abc"), "an array of numbers"),
        (lambda: gl.attribution(np.ones((2, 3)), target=[1, 2, 3]), "an index, or 2"),
        (lambda: gl.attribution(np.ones((2, 3)), channels="middle"), "'first' or 'last'"),
        (lambda: gl.similarity(np.ones((2, 3, 4))), r"\[n_test, n_train\]"),
        (lambda: gl.similarity([1.0, 2.0], examples=np.ones((1, 2))), "at least 2 examples"),
        (lambda: gl.attribution(np.ones((2, 3)), labels="ab"), "labels: expected a list"),
        (lambda: gl.attribution(np.ones((2, 3)), kind="movie"), "'tabular' or 'series'"),
        (lambda: gl.similarity([1.0, 2.0], channels="middle"), "'first' or 'last'"),
        (lambda: gl.similarity([2.0, 1.0], [0.5, 0.25]), "the indices of training examples"),
        (lambda: gl.similarity([2.0, 1.0], [0, 1, 2]), "the indices of training examples"),
        (lambda: gl.similarity([2.0, 1.0], [1, 1]), "at most once"),
        (lambda: gl.similarity([2.0, 1.0], [0, -1]), "at most once"),
        (lambda: gl.similarity([1.0, 2.0], [0, 1]), "descending scores"),
        (lambda: gl.explanation(np.ones(3)), "meta and data"),
        (lambda: gl.save(gl.similarity([1.0]), "e.csv"), r"\.safetensors or \.json"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(gl.InvalidArgumentError, match=message):
        call()


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_saves_and_loads(tmp_path, rng, ending):
    explanation = gl.attribution(rng.normal(size=(2, 6)), x=rng.normal(size=(2, 6)), target=1)
    loaded = gl.load(gl.save(explanation, tmp_path / f"e.{ending}"))
    np.testing.assert_array_equal(loaded.attributions[0], explanation.attributions[0])
    np.testing.assert_array_equal(loaded.target, [1, 1])
    assert loaded.meta["name"] == "Attribution"
