"""Each result of captum, shap and alibi is taken in one line, or refused with a way out."""

import numpy as np
import pytest
from recorded import read_results

import gradlens as gl


def numpy_of(value):
    return value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)


def is_same(got, expected):
    np.testing.assert_array_equal(got, numpy_of(expected))
    return True


def survives_a_frame(explanation):
    """Each explanation is written, read, drawn and described."""
    again = gl.Explanation.from_frame(explanation.to_frame())
    for name, value in explanation.data.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(again.data[name], value)
    return "<figure" in gl.html(explanation) and len(repr(explanation)) > 20


class TestCaptum:
    @pytest.fixture
    def results(self):
        return read_results("captum")

    @pytest.mark.parametrize(
        "name",
        ["integrated_gradients", "saliency", "deep_lift", "occlusion", "noise_tunnel", "layer"],
    )
    def test_attributions(self, results, name):
        for x in (results["x"], results["live_x"], None):
            e = gl.attribution(results[name], x=x, target=1, channels="first")
            assert is_same(e.attributions[0], results[name])
            assert x is None or is_same(e.X, x)
            assert e.target.tolist() == [1, 1]
            assert survives_a_frame(e)

    def test_convergence_deltas(self, results):
        pair = results["integrated_gradients_with_deltas"]
        e = gl.attribution(pair, x=results["live_x"], target=1, channels="first")
        assert is_same(e.attributions[0], pair[0])
        assert is_same(e.deltas, pair[1])

    def test_deltas_of_random_samples(self, results):
        attributions, deltas = results["gradient_shap_with_deltas"]
        e = gl.attribution((attributions, deltas), x=results["x"], channels="first")
        own = numpy_of(deltas)
        expected = [sum(own[3 * i : 3 * i + 3]) / 3 for i in range(2)]
        np.testing.assert_allclose(e.deltas, expected, rtol=1e-6)
        with pytest.raises(gl.InvalidArgumentError, match="deltas: expected 2, one per example"):
            gl.attribution(attributions, deltas=numpy_of(deltas)[:5])

    def test_several_inputs(self, results):
        for name in ("two_inputs", "two_inputs_with_deltas"):
            e = gl.attribution(results[name], x=results["two_x"], target=1)
            arrays = results["two_inputs"]
            assert all(is_same(e.attributions[i], arrays[i]) for i in range(2))
            assert all(is_same(e.X[i], results["two_x"][i]) for i in range(2))
            assert ("deltas" in e.data) == (name == "two_inputs_with_deltas")

    def test_rows(self, results):
        assert (
            gl.attribution(results["ablation"], x=results["rows"], target=[0, 1, 2]).target[2] == 2
        )
        assert is_same(gl.attribution(results["lime"]).attributions[0], results["lime"])

    def test_embeddings_of_a_text(self, results):
        attributions, deltas = results["embedding_with_deltas"]
        tokens = list("abcdef")
        e = gl.attribution((attributions, deltas), x=results["ids"], tokens=tokens)
        assert is_same(e.attributions[0], attributions)
        assert e.side["tokens"] == tokens
        with pytest.raises(gl.InvalidArgumentError, match=r"attributions.sum\(-1\)"):
            gl.attribution(attributions, x=results["ids"])
        assert gl.attribution(attributions.sum(-1), x=results["ids"]).attributions[0].shape == (
            1,
            6,
        )

    def test_answers_of_a_language_model(self, results):
        result = results["language"]
        e = gl.attribution(result)
        assert is_same(e.attributions[0][0], result.seq_attr)
        assert e.side["tokens"] == ["new", "surprisingly long"]
        word = gl.attribution(result, target=1)
        assert is_same(word.attributions[0][0], numpy_of(result.token_attr)[1])
        assert word.side["labels"][word.target[0]] == result.output_tokens[1]
        assert survives_a_frame(gl.explanation(result))
        with pytest.raises(gl.InvalidArgumentError, match="the whole answer"):
            gl.attribution(results["language_lime"], target=1)
        with pytest.raises(gl.InvalidArgumentError, match="one of 3 tokens"):
            gl.attribution(result, target=3)

    @pytest.mark.parametrize("name", ["tracin", "influence_function"])
    def test_influences(self, results, name):
        x, scores = results["train_x"], numpy_of(results[name])
        e = gl.similarity(results[name], examples=x, train_labels=[0, 1, 0, 1, 0, 1])
        for i, row in enumerate(e.ordered_indices):
            np.testing.assert_array_equal(e.scores[i], scores[i][row])
            assert (np.diff(e.scores[i]) <= 0).all()
            np.testing.assert_array_equal(e.most_similar[i], numpy_of(x)[row[:5]])
            np.testing.assert_array_equal(e.least_similar[i], numpy_of(x)[row[::-1][:5]])
        assert survives_a_frame(e)

    def test_only_the_most_influential(self, results):
        best = results["tracin_proponents"]
        e = gl.similarity(best, examples=results["train_x"])
        assert is_same(e.ordered_indices, best.indices)
        assert is_same(e.scores, best.influence_scores)
        assert "least_similar" not in e.data
        assert is_same(gl.explanation(best).scores, best.influence_scores)
        same = gl.similarity(best.influence_scores, best.indices, examples=results["train_x"])
        assert is_same(same.most_similar, e.most_similar)
        with pytest.raises(gl.InvalidArgumentError, match="the indices of training examples"):
            gl.similarity(best.indices, best.influence_scores)

    def test_refuses_the_least_influential_alone(self, results):
        with pytest.raises(gl.InvalidArgumentError, match="without k"):
            gl.similarity(results["tracin_opponents"])

    def test_self_influences(self, results):
        own = numpy_of(results["self_influence"])
        e = gl.similarity(results["self_influence"])
        assert is_same(e.scores[0], np.sort(own)[::-1])

    def test_similarities_by_layer(self, results):
        layers = results["similarity_influence"]
        with pytest.raises(gl.InvalidArgumentError, match="a dictionary of '0', '2'"):
            gl.similarity(layers)
        e = gl.similarity(layers["2"], examples=results["train_x"])
        assert is_same(e.ordered_indices, layers["2"][0])
        assert is_same(e.scores, layers["2"][1])


class TestShap:
    @pytest.fixture
    def results(self):
        return read_results("shap")

    def test_rows_with_outputs(self, results):
        trees = results["trees"]
        e = gl.attribution(trees, target=[2, 0, 1])
        for i, output in enumerate((2, 0, 1)):
            assert is_same(e.attributions[0][i], trees.values[i, :, output])
        assert is_same(e.X, results["rows"])
        assert e.side["labels"] == ["Output 0", "Output 1", "Output 2"]
        assert e.meta["name"] == "SHAP"
        assert survives_a_frame(e)
        with pytest.raises(gl.InvalidArgumentError, match="have 3: Output 0, Output 1, Output 2"):
            gl.explanation(trees)
        with pytest.raises(gl.InvalidArgumentError, match="an index below 3"):
            gl.attribution(trees, target=3)

    def test_a_row(self, results):
        row = results["trees_row"]
        e = gl.attribution(row, target=2)
        assert is_same(e.attributions[0], row.values[None, :, 2])
        assert is_same(e.X, row.data[None])
        same = gl.attribution(results["trees_rows_of_one"], target=2)
        assert is_same(same.attributions[0], e.attributions[0])

    def test_an_output(self, results):
        one = results["trees_output"]
        e = gl.explanation(one)
        assert is_same(e.attributions[0], one.values)
        assert e.side["labels"] == ["Output 1"]
        assert e.target.tolist() == [0, 0, 0]
        assert gl.attribution(one, target=1).target.tolist() == [1, 1, 1]

    def test_names_of_columns(self, results):
        e = gl.explanation(results["linear"])
        assert e.side["features"] == ["age", "dose", "mass", "time"]
        assert is_same(e.attributions[0], results["linear"].values)

    def test_means(self, results):
        mean = results["trees_mean"]
        assert is_same(gl.explanation(mean).attributions[0][0], mean.values)

    def test_own_explanations(self, results):
        assert is_same(gl.explanation(results["own"]).attributions[0], results["own"].values)

    @pytest.mark.parametrize(
        "name",
        [
            *("trees_interactions", "trees_interactions_of_output", "trees_column"),
            *("own_with_outputs", "image"),
        ],
    )
    def test_refuses_axes_of_several_meanings(self, results, name):
        with pytest.raises(gl.InvalidArgumentError, match=r"values\[\.\.\., k\]"):
            gl.attribution(results[name], target=1)

    @pytest.mark.parametrize("name", ["tree_values", "kernel_values"])
    def test_arrays_of_values(self, results, name):
        values, x = results[name], results["rows"]
        with pytest.raises(gl.InvalidArgumentError, match=r"attributions\[\.\.\., k\]"):
            gl.attribution(values, x=x, target=1)
        assert is_same(gl.attribution(values[..., 1], x=x).attributions[0], values[..., 1])

    def test_categories(self, results):
        e = gl.explanation(results["categories"])
        assert "X" not in e.data
        assert e.side["values"] == ["red", "small"]
        assert e.side["features"] == ["colour", "size"]
        row = gl.explanation(results["categories_row"])
        assert row.side["values"] == ["blue", "small"]
        assert is_same(row.attributions[0][0], results["categories_row"].values)

    def test_texts(self, results):
        text = results["text"]
        e = gl.attribution(text, target=1)
        assert e.side["tokens"] == ["what ", "a ", "bad ", "thing"]
        assert e.side["labels"] == ["length", "vowels"]
        assert is_same(e.attributions[0][0], text.values[:, 1])
        assert survives_a_frame(e)
        output = gl.explanation(results["text_output"])
        assert output.side["labels"] == ["vowels"]
        assert is_same(output.attributions[0], e.attributions[0])
        one = gl.attribution(results["texts_of_one"], target=1)
        assert is_same(one.attributions[0], e.attributions[0])
        for name in ("texts", "texts_of_a_length"):
            with pytest.raises(gl.InvalidArgumentError, match=r"explanation\[i\]"):
                gl.attribution(results[name], target=1)

    def test_images(self, results):
        images = results["images"]
        e = gl.attribution(images, target=1)
        assert is_same(e.attributions[0], images.values[..., 1])
        assert "features" not in e.side
        best = gl.attribution(results["images_best"])
        assert is_same(best.attributions[0], results["images_best"].values[..., 0])

    def test_nets_of_torch(self, results):
        e = gl.attribution(results["deep"], target=2, channels="first")
        assert is_same(e.attributions[0], results["deep"].values[..., 2])
        assert is_same(e.X, results["net_x"])
        for name in ("deep_values", "gradient_values"):
            values = results[name]
            own = gl.attribution(values[..., 2], x=results["net_x"], channels="first")
            assert is_same(own.attributions[0], values[..., 2])
            with pytest.raises(gl.InvalidArgumentError, match=r"attributions\[\.\.\., k\]"):
                gl.attribution(values, x=results["net_x"])

    def test_ranked_outputs(self, results):
        values, indexes = results["deep_ranked"]
        with pytest.raises(gl.InvalidArgumentError, match=r"target=indexes\[:, 0\]"):
            gl.attribution((values, indexes))
        e = gl.attribution(
            values[..., 0], x=results["net_x"], target=indexes[:, 0], channels="first"
        )
        assert is_same(e.target, indexes[:, 0])

    def test_several_inputs(self, results):
        values, x = results["two_inputs"], results["two_x"]
        with pytest.raises(gl.InvalidArgumentError, match=r"attributions\[\.\.\., k\]"):
            gl.attribution(values, x=x)
        e = gl.attribution([own[..., 1] for own in values], x=x, target=1)
        assert is_same(e.attributions[1], values[1][..., 1])

    def test_a_list_of_outputs_of_older_versions(self, results):
        values = list(np.moveaxis(results["kernel_values"], -1, 0))
        with pytest.raises(gl.InvalidArgumentError, match="pass its k-th"):
            gl.attribution(values, x=results["rows"])


class TestAlibi:
    @pytest.fixture
    def results(self):
        return read_results("alibi")

    @pytest.mark.parametrize("name", ["similarity", "similarity_ad_hoc"])
    def test_similarity(self, results, name):
        own = results[name]
        e = gl.explanation(own, train_labels=[0, 1, 2, 0, 1, 2])
        for field in ("scores", "ordered_indices", "most_similar", "least_similar"):
            assert is_same(e.data[field], own.data[field])
        assert e.meta["version"] == "0.9.4"
        assert e.is_similarity
        assert survives_a_frame(e)
        with pytest.raises(gl.InvalidArgumentError, match=r"use explanation\(\)"):
            gl.similarity(own)

    @pytest.mark.parametrize(
        "name",
        ["gradients", "gradients_of_layer", "gradients_of_function", "gradients_of_text"],
    )
    def test_attributions(self, results, name):
        own = results[name]
        e = gl.explanation(own, labels=["a", "b", "c"])
        assert is_same(e.attributions[0], own.data["attributions"][0])
        for field in ("X", "predictions", "deltas", "target"):
            assert is_same(e.data[field], own.data[field])
        assert survives_a_frame(e)
        with pytest.raises(gl.InvalidArgumentError, match=r"use explanation\(\)"):
            gl.attribution(own)

    def test_several_inputs(self, results):
        own = results["gradients_of_two_inputs"]
        e = gl.explanation(own)
        assert all(is_same(e.X[i], own.data["X"][i]) for i in range(2))
        assert survives_a_frame(e)

    def test_refuses_what_no_element_shows(self, results):
        own = results["kernel_shap"]
        with pytest.raises(gl.InvalidArgumentError, match=r"source.shap_values\[k\]"):
            gl.explanation(own)
        values, rows = own.data["shap_values"], own.data["raw"]["instances"]
        assert is_same(gl.attribution(values[1], x=rows).attributions[0], values[1])
