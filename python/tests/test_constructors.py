from types import SimpleNamespace

import numpy as np
import pytest

import gradlens as gl


class Tensor:
    """As torch's: numpy reads it only after detach and cpu."""

    def __init__(self, values):
        self.values_ = np.asarray(values)
        self.dtype, self.shape = self.values_.dtype, self.values_.shape

    def detach(self):
        return SimpleNamespace(cpu=lambda: self.values_)

    def __array__(self, *_, **__):
        raise RuntimeError("can't call numpy() on a tensor that requires grad")


def test_takes_the_explanation_of_alibi():
    source = SimpleNamespace(
        meta={"name": "IntegratedGradients", "params": {"target_fn": len}},
        data={"attributions": [np.ones((2, 3))], "X": np.zeros((2, 3)), "target": [0, 1]},
    )
    explanation = gl.explanation(source, labels=["a", "b"])
    assert explanation.name_ if hasattr(explanation, "name_") else explanation.meta["name"]
    assert explanation.attributions[0].shape == (2, 3)
    assert explanation.side["labels"] == ["a", "b"]
    assert gl.explanation(explanation, tokens=["x"]).side == {"labels": ["a", "b"], "tokens": ["x"]}
    frame = gl.Explanation.from_frame(explanation.to_frame())
    assert "built" in frame.meta["params"]["target_fn"]


def test_takes_tensors_of_torch_with_channels_first():
    explanation = gl.attribution(
        Tensor(np.ones((2, 3, 8, 8))), x=Tensor(np.zeros((2, 3, 8, 8))), target=4, channels="first"
    )
    assert explanation.target.tolist() == [4, 4]
    assert explanation.meta["params"]["channels"] == ["first"]


def test_takes_several_inputs(rng):
    arrays = (rng.normal(size=(2, 4)), rng.normal(size=(2, 5)))
    explanation = gl.attribution(arrays, x=arrays)
    assert [array.shape for array in explanation.X] == [(2, 4), (2, 5)]
    assert explanation.meta["params"]["input_count"] == 2


def test_takes_one_output_of_shap(rng):
    source = SimpleNamespace(
        values=rng.normal(size=(3, 4, 2)),
        base_values=np.zeros((3, 2)),
        data=rng.normal(size=(3, 4)),
        feature_names=["a", "b", "c", "d"],
    )
    explanation = gl.attribution(source, target=[1, 0, 1])
    np.testing.assert_array_equal(explanation.attributions[0][1], source.values[1, :, 0])
    assert explanation.side["features"] == ["a", "b", "c", "d"]
    with pytest.raises(gl.InvalidArgumentError, match="axis of outputs"):
        gl.attribution(source)


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
