"""What captum really returns: python/tests/results/captum.json.

Needs torch 2.13, captum 0.9.0 and numpy:

    python tests/peers/results/captum_results.py python/tests/results/captum.json
"""

import re
import tempfile
from pathlib import Path
from types import SimpleNamespace

import captum
import torch
from captum.attr import (
    DeepLift,
    FeatureAblation,
    GradientShap,
    IntegratedGradients,
    LayerIntegratedGradients,
    Lime,
    LLMAttribution,
    NoiseTunnel,
    Occlusion,
    Saliency,
    TextTemplateInput,
)
from captum.influence import NaiveInfluenceFunction, SimilarityInfluence, TracInCP
from captum.influence._core.similarity_influence import cosine_similarity
from torch import nn

from recording import record


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 3), nn.Linear(5, 3)

    def forward(self, a, b):
        return self.first(a) * self.second(b)


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.dense = nn.Embedding(10, 4), nn.Linear(4, 2)

    def forward(self, ids):
        return self.dense(self.embedding(ids).mean(1))


def make_attributions():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(2 * 3 * 3, 3))
    x = torch.randn(2, 3, 5, 5)
    live = x.clone().requires_grad_()
    ig = IntegratedGradients(net)
    yield "x", x
    yield "live_x", live
    yield "integrated_gradients", ig.attribute(x, target=1)
    yield (
        "integrated_gradients_with_deltas",
        ig.attribute(live, target=1, return_convergence_delta=True),
    )
    yield "saliency", Saliency(net).attribute(live, target=1)
    yield "deep_lift", DeepLift(net).attribute(live, target=1)
    yield (
        "gradient_shap_with_deltas",
        GradientShap(net).attribute(
            x, torch.zeros(2, 3, 5, 5), n_samples=3, target=1, return_convergence_delta=True
        ),
    )
    yield "occlusion", Occlusion(net).attribute(x, (3, 2, 2), target=1)
    yield "noise_tunnel", NoiseTunnel(ig).attribute(x, target=1, nt_samples=2)
    yield "layer", LayerIntegratedGradients(net, net[0]).attribute(x, target=1)


def make_others():
    two = TwoInputs()
    a, b = torch.randn(2, 4), torch.randn(2, 5)
    yield "two_x", (a, b)
    yield "two_inputs", IntegratedGradients(two).attribute((a, b), target=1)
    yield (
        "two_inputs_with_deltas",
        IntegratedGradients(two).attribute((a, b), target=1, return_convergence_delta=True),
    )
    rows = torch.randn(3, 4)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    yield "rows", rows
    yield "ablation", FeatureAblation(net).attribute(rows, target=torch.tensor([0, 1, 2]))
    yield "lime", Lime(net).attribute(rows[:1], target=1, n_samples=20)
    text, ids = Text(), torch.randint(0, 10, (1, 6))
    yield "ids", ids
    yield (
        "embedding_with_deltas",
        LayerIntegratedGradients(text, text.embedding).attribute(
            ids, target=1, return_convergence_delta=True
        ),
    )


class Tokenizer:
    """Words by their length."""

    def encode(self, text, add_special_tokens=True, return_tensors=None):
        ids = [min(len(word), 9) for word in text.split()]
        return torch.tensor([ids]) if return_tensors == "pt" else ids

    def __call__(self, text, add_special_tokens=True, return_tensors=None, **_):
        words = re.finditer(r"\S+", text)
        return {
            "input_ids": self.encode(text, add_special_tokens, return_tensors),
            "offset_mapping": [word.span() for word in words],
        }

    def convert_ids_to_tokens(self, ids):
        return ["w" * int(i) for i in ids]

    def decode(self, ids, **_):
        return " ".join(self.convert_ids_to_tokens(ids))


class LanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.dense = nn.Embedding(10, 4), nn.Linear(4, 10)
        self.device = torch.device("cpu")

    def forward(self, input_ids, attention_mask=None, **_):
        hidden = torch.cumsum(self.embedding(input_ids), 1)
        return SimpleNamespace(logits=self.dense(hidden))


def make_language_results():
    prompt = TextTemplateInput("the {} film was {}", values=["new", "surprisingly long"])
    for name, method in (("language", FeatureAblation), ("language_lime", Lime)):
        explainer = LLMAttribution(method(LanguageModel()), Tokenizer())
        yield name, explainer.attribute(prompt, target="and good too", use_cached_outputs=False)


def make_influences(folder):
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    x, y = torch.randn(6, 4), torch.randint(0, 3, (6,))
    data = torch.utils.data.TensorDataset(x, y)
    checkpoint = str(folder / "0.pt")
    torch.save(net.state_dict(), checkpoint)

    def load(model, path):
        model.load_state_dict(torch.load(path))
        return 1.0

    loss = nn.CrossEntropyLoss(reduction="none")
    tracin = TracInCP(net, data, [checkpoint], load, loss_fn=loss, batch_size=3)
    question = (x[:2], y[:2])
    yield "train_x", x
    yield "tracin", tracin.influence(question)
    yield "tracin_proponents", tracin.influence(question, k=3)
    yield "tracin_opponents", tracin.influence(question, k=3, proponents=False)
    yield "self_influence", tracin.self_influence()
    naive = NaiveInfluenceFunction(
        net, data, checkpoint, load, loss_fn=nn.CrossEntropyLoss(reduction="none"), batch_size=3
    )
    yield "influence_function", naive.influence(question)
    layers = SimilarityInfluence(
        net, ["0", "2"], data, str(folder), "model", cosine_similarity, batch_size=3
    )
    yield "similarity_influence", layers.influence(x[:2], top_k=3)


def make():
    """Return the results by name."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        return {
            **dict(make_attributions()),
            **dict(make_others()),
            **dict(make_language_results()),
            **dict(make_influences(Path(folder))),
        }


if __name__ == "__main__":
    record(make(), {"torch": torch.__version__, "captum": captum.__version__})
