"""Adds the scores of kronfluence to tests/fixtures/kronfluence.json, whose inputs inputs.ts has written.

    pip install torch==2.13 kronfluence==1.0.1
    python tests/peers/influence/kronfluence_scores.py
"""

import json
import logging
import tempfile
from pathlib import Path

import numpy as np
import torch
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task
from kronfluence.utils.dataset import DataLoaderKwargs
from torch import nn
from torch.nn.functional import cross_entropy

logging.disable(logging.WARNING)
PATH = Path(__file__).parent.parent.parent / "fixtures" / "kronfluence.json"
fixture = json.loads(PATH.read_text())


def tensor(values, *shape):
    return torch.tensor(np.array(values, dtype=np.float64).reshape(shape))


class Net(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.convolution = nn.Conv2d(2, 3, 2).double()
        self.hidden = nn.Linear(27, 5).double()
        self.last = nn.Linear(5, 3).double()
        with torch.no_grad():
            self.convolution.weight.copy_(tensor(net["filter"], 2, 2, 2, 3).permute(3, 2, 0, 1))
            self.convolution.bias.copy_(tensor(net["filterBias"], 3))
            self.hidden.weight.copy_(tensor(net["kernel"], 27, 5).T)
            self.hidden.bias.copy_(tensor(net["bias"], 5))
            self.last.weight.copy_(tensor(net["lastKernel"], 5, 3).T)
            self.last.bias.copy_(tensor(net["lastBias"], 3))

    def forward(self, x):
        x = torch.tanh(self.convolution(x)).permute(0, 2, 3, 1).flatten(1)
        return self.last(torch.tanh(self.hidden(x)))


class Classification(Task):
    def compute_train_loss(self, batch, model, sample=False):
        x, labels, drawn = batch
        return cross_entropy(model(x), drawn if sample else labels, reduction="sum")

    def compute_measurement(self, batch, model):
        return self.compute_train_loss(batch, model)


def dataset(name):
    x = tensor(fixture[name], -1, 4, 4, 2).permute(0, 3, 1, 2)
    labels = torch.tensor(fixture[f"{name}Labels"])
    drawn = torch.tensor(fixture["drawnLabels"]) if name == "train" else labels
    return torch.utils.data.TensorDataset(x, labels, drawn.long())


POSITIONS = {"convolution": 9, "hidden": 1, "last": 1}
"""Positions at which each layer's weights are used."""


def compute_scores(strategy, is_empirical):
    """Scores as rows of numbers.

    In K-FAC, A is a mean over the positions and S a sum over them. kronfluence divides S by the positions as well,
    which divides its blocks by their number, damping included. So its K-FAC scores are divided by it here.
    """
    model = prepare_model(Net(fixture["net"]), Classification())
    double = {
        f"{name}_dtype": torch.float64
        for name in ("activation_covariance", "gradient_covariance", "per_sample_gradient", "lambda")
    }
    with tempfile.TemporaryDirectory() as folder:
        analyzer = Analyzer("net", model, Classification(), cpu=True, output_dir=folder, disable_tqdm=True)
        analyzer.set_dataloader_kwargs(DataLoaderKwargs(num_workers=0))
        analyzer.fit_all_factors(
            "factors",
            dataset("train"),
            per_device_batch_size=20,
            factor_args=FactorArguments(strategy=strategy, use_empirical_fisher=is_empirical, **double),
        )
        analyzer.compute_pairwise_scores(
            "scores",
            "factors",
            dataset("test"),
            dataset("train"),
            per_device_query_batch_size=6,
            score_args=ScoreArguments(
                damping_factor=None,  # a tenth of the mean eigenvalue
                per_sample_gradient_dtype=torch.float64,
                precondition_dtype=torch.float64,
                score_dtype=torch.float64,
                compute_per_module_scores=True,
            ),
        )
        modules = analyzer.load_pairwise_scores("scores")
        positions = POSITIONS if strategy == "kfac" else dict.fromkeys(POSITIONS, 1)
        return sum(modules[name].double() / positions[name] for name in POSITIONS).tolist()


fixture["scores"] = {
    strategy: {
        name: [[float(f"{value:.8g}") for value in row] for row in compute_scores(strategy, name == "empirical")]
        for name in ("true", "empirical")
    }
    for strategy in ("ekfac", "kfac", "diagonal")
}
PATH.write_text(json.dumps(fixture) + "\n")
