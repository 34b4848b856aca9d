"""One model and its data, as the benchmark wrote them for all who take part."""

import json
from pathlib import Path

import numpy as np


class Case:
    """Arrays are float32, row-major; pictures are [n, height, width, channels], labels one-hot."""

    def __init__(self, folder):
        self.folder = Path(folder)
        # The file of gradlens's results.
        self.results = "ours.json"
        self.description = json.loads((self.folder / "case.json").read_text())
        self.layers = self.description["layers"]
        self.input_shape = tuple(self.description["inputShape"])
        classes = self.description["classCount"]
        self.x_train = self._read("x-train.bin").reshape(-1, *self.input_shape)
        self.y_train = self._read("y-train.bin").reshape(-1, classes)
        self.x_test = self._read("x-test.bin").reshape(-1, *self.input_shape)
        self.y_test = self._read("y-test.bin").reshape(-1, classes)

    def weights(self):
        """Kernel and bias of each layer that has them, in order."""
        numbers = self._read("weights.bin")
        arrays, start = [], 0
        for shape in self.description["weightShapes"]:
            size = int(np.prod(shape))
            arrays.append(numbers[start : start + size].reshape(shape))
            start += size
        return arrays

    def ours(self):
        """What gradlens computed: scores by the index of the training example, and attributions."""
        values = json.loads((self.folder / self.results).read_text())
        return {name: np.asarray(values[name], np.float32) for name in ("scores", "attributions")}

    def _read(self, name):
        return np.fromfile(self.folder / name, "<f4")
