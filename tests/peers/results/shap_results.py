"""What shap really returns: python/tests/results/shap.json.

Needs shap 0.51, scikit-learn, pandas and torch 2.13:

    python tests/peers/results/shap_results.py python/tests/results/shap.json
"""

import numpy as np
import pandas
import shap
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from torch import nn

from recording import record


def make_rows(rng):
    x = rng.normal(size=(40, 4))
    y = (x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] > 1)
    forest = RandomForestClassifier(5, random_state=0).fit(x, y)
    explainer = shap.TreeExplainer(forest)
    trees = explainer(x[:3])
    yield "rows", x[:3]
    yield "trees", trees
    yield "trees_row", trees[1]
    yield "trees_rows_of_one", trees[1:2]
    yield "trees_output", trees[..., 1]
    yield "trees_column", trees[..., 1][:, 0]
    yield "trees_mean", trees[..., 1].abs.mean(0)
    yield "trees_interactions", explainer(x[:3], interactions=True)
    yield "trees_interactions_of_output", explainer(x[:3], interactions=True)[..., 1]
    yield "tree_values", explainer.shap_values(x[:3])
    table = pandas.DataFrame(x, columns=["age", "dose", "mass", "time"])
    yield "linear", shap.LinearExplainer(LinearRegression().fit(x, y), x)(table[:3])
    kernel = shap.KernelExplainer(forest.predict_proba, x[:10], silent=True)
    yield "kernel_values", kernel.shap_values(x[:3], silent=True)
    values = kernel.shap_values(x[:3], silent=True)
    yield "own", shap.Explanation(values[..., 1], kernel.expected_value[1], x[:3])
    yield "own_with_outputs", shap.Explanation(values, kernel.expected_value, x[:3])


def make_categories():
    """Codes explained and their names shown, as shap's tutorials do."""
    codes = pandas.DataFrame({"colour": [0.0, 1.0, 0.0], "size": [0.0, 0.0, 1.0]})
    names = np.array([["red", "small"], ["blue", "small"], ["red", "large"]], dtype=object)
    model = LinearRegression().fit(codes, [1.0, 2.0, 4.0])
    explained = shap.LinearExplainer(model, codes)(codes)
    explained.data = names
    yield "categories", explained
    yield "categories_row", explained[1]


def make_texts():
    def predict(texts):
        return np.array([[len(text), text.count("a")] for text in texts], float)

    masker = shap.maskers.Text(r"\W+")
    explainer = shap.Explainer(predict, masker, output_names=["length", "vowels"])
    texts = explainer(["a good film", "what a bad thing"], silent=True)
    yield "texts", texts
    yield "texts_of_a_length", explainer(["a good film", "a bad film"], silent=True)
    yield "text", texts[1]
    yield "texts_of_one", texts[1:2]
    yield "text_output", texts[1, :, 1]


def make_images(rng):
    x = rng.random((2, 4, 4, 3)).astype(np.float32)

    def predict(images):
        return np.stack([images.mean((1, 2, 3)), images[:, :2].mean((1, 2, 3))], 1)

    masker = shap.maskers.Image(np.zeros((4, 4, 3), np.float32), (4, 4, 3))
    explainer = shap.Explainer(predict, masker, output_names=["whole", "top"])
    yield "images", explainer(x, max_evals=40, silent=True)
    yield "image", explainer(x, max_evals=40, silent=True)[0]
    best = shap.Explanation.argsort.flip[:1]
    yield "images_best", explainer(x, max_evals=40, outputs=best, silent=True)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 3), nn.Linear(5, 3)

    def forward(self, a, b):
        return self.first(a) + self.second(b)


def make_nets():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(2 * 3 * 3, 3))
    x, background = torch.randn(2, 3, 5, 5), torch.zeros(2, 3, 5, 5)
    yield "net_x", x
    deep = shap.DeepExplainer(net, background)
    # The additivity check refuses ranked outputs of torch.
    options = {"ranked_outputs": 2, "check_additivity": False}
    yield "deep", deep(x)
    yield "deep_values", deep.shap_values(x)
    yield "deep_ranked", deep.shap_values(x, **options)
    yield "gradient_values", shap.GradientExplainer(net, background).shap_values(x, nsamples=5)
    two = [torch.randn(2, 4), torch.randn(2, 5)]
    yield "two_x", two
    yield (
        "two_inputs",
        shap.DeepExplainer(TwoInputs(), [torch.zeros(2, 4), torch.zeros(2, 5)]).shap_values(two),
    )


def make():
    """Return the results by name."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    rng = np.random.default_rng(0)
    return {
        **dict(make_rows(rng)),
        **dict(make_categories()),
        **dict(make_texts()),
        **dict(make_images(rng)),
        **dict(make_nets()),
    }


if __name__ == "__main__":
    record(make(), {"shap": shap.__version__, "torch": torch.__version__})
