"""Per-example gradients of Keras's layers in PyTorch, with torch.func's vmap(grad)."""

import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import grad, vmap

from large_case import LargeCase, path_points
from serve import serve

# The peer runs with the fastest of these.
BATCH_SIZES = (1, 2, 4, 8, 64)
STEPS = 50
PATH_BATCH = 10


class LargeTorchPeer:
    def __init__(self, case):
        self.case = case
        config = case.layers().get("model_config", case.layers())["config"]
        self.layers = [(layer["name"], layer["class_name"], layer["config"], sources(layer)) for layer in config["layers"]]
        weights = {name: torch.tensor(np.array(array)) for name, array in case.weights().items()}
        self.statistics = {name: array for name, array in weights.items() if "moving_" in name}
        self.parameters = {name: array for name, array in weights.items() if name not in self.statistics}
        (x,) = case.inputs.values()
        self.x, self.y = torch.tensor(x), torch.tensor(case.labels.astype(np.int64))
        self.gradients = vmap(grad(self._loss), in_dims=(None, 0, 0))
        sizes = [size for size in BATCH_SIZES if size <= case.count]
        self.batch_size = min(sizes, key=self._time_per_example)
        self.fit()

    @staticmethod
    def supports(case):
        return not case.is_graph

    def _loss(self, parameters, x, y):
        probabilities = forward(self.layers, parameters | self.statistics, x[None])
        return F.nll_loss(torch.log(probabilities), y[None])

    def _time_per_example(self, size):
        times = []
        for _ in range(2):
            start = time.perf_counter()
            self.gradients(self.parameters, self.x[:size], self.y[:size])
            times.append(time.perf_counter() - start)
        return times[-1] / size

    def _flat(self, x, y):
        found = self.gradients(self.parameters, x, y).values()
        return torch.cat([gradient.flatten(1) for gradient in found], 1)

    def fit(self):
        count = self.case.count
        batches = zip(self.x[:count].split(self.batch_size), self.y[:count].split(self.batch_size))
        self.stored = torch.cat([self._flat(x, y) for x, y in batches])

    def explainStored(self):
        return self.stored @ self._flat(self.x[-1:], self.y[-1:])[0]

    def integratedGradients(self):
        x = self.x[-1:]
        places, weights = (torch.tensor(each, dtype=torch.float32) for each in path_points(STEPS))
        total = torch.zeros_like(x[0])
        for alphas, factors in zip(places.split(PATH_BATCH), weights.split(PATH_BATCH)):
            points = (alphas.reshape(-1, *[1] * (x.ndim - 1)) * x).requires_grad_()
            chosen = forward(self.layers, self.parameters | self.statistics, points)[:, self.case.target].sum()
            (found,) = torch.autograd.grad(chosen, points)
            total += torch.tensordot(factors, found, 1)
        return x[0] * total

    def stored_bytes(self):
        return self.stored.nbytes / self.case.count


def sources(layer):
    return [each[0] for node in layer["inbound_nodes"] for each in node]


def forward(layers, weights, x):
    """The outputs of Keras's layers; pictures are [n, channels, height, width] in between."""
    values = {}
    for name, kind, config, inputs in layers:
        given = [values[source] for source in inputs]
        if kind == "InputLayer":
            y = x.movedim(-1, 1) if x.ndim == 4 else x
        elif kind in ("Conv2D", "DepthwiseConv2D"):
            y = convolve(given[0], config, weights, name, kind == "DepthwiseConv2D")
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (
                weights[f"{name}/{each}"] for each in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            scale = gamma / torch.sqrt(variance + config["epsilon"])
            y = given[0] * scale[:, None, None] + (beta - mean * scale)[:, None, None]
        elif kind == "ReLU":
            y = F.relu6(given[0]) if config["max_value"] == 6 else F.relu(given[0])
        elif kind == "MaxPooling2D":
            padded = pad(given[0], config["pool_size"], config["strides"], -float("inf"))
            y = F.max_pool2d(padded, config["pool_size"], config["strides"])
        elif kind == "GlobalAveragePooling2D":
            y = given[0].mean((2, 3))
        elif kind == "Add":
            y = sum(given)
        elif kind == "Dense":
            y = given[0] @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]
            y = {"softmax": lambda z: z.softmax(1), "relu": F.relu}[config["activation"]](y)
        else:
            raise ValueError(f"no rule for {kind}")
        values[name] = y
    return y


def convolve(x, config, weights, name, is_depthwise):
    kernel = weights[f"{name}/depthwise_kernel" if is_depthwise else f"{name}/kernel"]
    kernel = kernel.permute(2, 3, 0, 1) if is_depthwise else kernel.permute(3, 2, 0, 1)
    x = pad(x, config["kernel_size"], config["strides"], 0)
    bias = weights[f"{name}/bias"] if config["use_bias"] else None
    return F.conv2d(x, kernel, bias, config["strides"], groups=x.shape[1] if is_depthwise else 1)


def pad(x, size, strides, value):
    """As TensorFlow pads for `same`."""
    widths = []
    for length, each, stride in zip(x.shape[2:], size, strides):
        missing = max((-(-length // stride) - 1) * stride + each - length, 0)
        widths = [missing // 2, missing - missing // 2, *widths]
    return F.pad(x, widths, value=value)


def describe():
    return {
        "name": "torch, vmap(grad)",
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "threads": torch.get_num_threads(),
        "tasks": ["fit", "explainStored", "integratedGradients"],
    }


if __name__ == "__main__":
    torch.set_num_threads(os.cpu_count())
    serve(LargeTorchPeer, describe, LargeCase)
