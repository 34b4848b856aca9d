"""Writes tests/fixtures/tracin.json: influence and self-influence by captum's TracInCP, over two checkpoints.

    pip install captum torch
    python tests/peers/make_tracin.py

The net has a convolution and a dense layer. It has no embedding, because captum multiplies the gradient of an embedding
by the learning rate twice.
"""

import json
from pathlib import Path

import torch
from captum.influence import TracInCP
from torch import nn

torch.manual_seed(17)
TRAIN, TEST, CLASSES = 14, 5, 3


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.dense = nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.dense(torch.tanh(self.conv(x)).mean((2, 3)))


def rounded(*shape):
    return torch.round(torch.randn(*shape) * 1000) / 1000


x_train, x_test = rounded(TRAIN, 2, 5, 5), rounded(TEST, 2, 5, 5)
y_train, y_test = torch.arange(TRAIN) % CLASSES, torch.arange(TEST) % CLASSES
checkpoints = [
    {
        "learning_rate": rate,
        "conv_kernel": rounded(4, 2, 3, 3) / 2,
        "conv_bias": rounded(4) / 4,
        "dense_kernel": rounded(CLASSES, 4),
        "dense_bias": rounded(CLASSES) / 4,
    }
    for rate in (0.1, 0.025)
]


def load(net, checkpoint):
    net.load_state_dict(
        {
            "conv.weight": checkpoint["conv_kernel"],
            "conv.bias": checkpoint["conv_bias"],
            "dense.weight": checkpoint["dense_kernel"],
            "dense.bias": checkpoint["dense_bias"],
        }
    )
    return checkpoint["learning_rate"]


tracin = TracInCP(
    Net(),
    torch.utils.data.TensorDataset(x_train, y_train),
    checkpoints,
    checkpoints_load_func=load,
    loss_fn=nn.CrossEntropyLoss(reduction="sum"),
    batch_size=4,
    sample_wise_grads_per_batch=True,
)
influence = tracin.influence((x_test, y_test))
self_influence = tracin.self_influence()


def channels_last(images):
    return images.permute(0, 2, 3, 1).tolist()


fixture = {
    "x_train": channels_last(x_train),
    "y_train": y_train.tolist(),
    "x_test": channels_last(x_test),
    "y_test": y_test.tolist(),
    "checkpoints": [
        {
            "learning_rate": checkpoint["learning_rate"],
            # [height, width, in, out] and [in, out], as in TensorFlow.
            "weights": [
                checkpoint["conv_kernel"].permute(2, 3, 1, 0).tolist(),
                checkpoint["conv_bias"].tolist(),
                checkpoint["dense_kernel"].T.tolist(),
                checkpoint["dense_bias"].tolist(),
            ],
        }
        for checkpoint in checkpoints
    ],
    "influence": influence.tolist(),
    "self_influence": self_influence.tolist(),
}


def rounded_numbers(value):
    if isinstance(value, list):
        return [rounded_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded_numbers(item) for key, item in value.items()}
    return float(f"{value:.7g}") if isinstance(value, float) else value


path = Path(__file__).parent.parent / "fixtures" / "tracin.json"
path.write_text(json.dumps(rounded_numbers(fixture)) + "\n")
