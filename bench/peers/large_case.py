"""A model of real size and its data, as the benchmark wrote them for all who take part."""

import json
from pathlib import Path

import numpy as np


class LargeCase:
    """The last example is the explained one; images are [n, height, width, channels], labels whole numbers."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.description = json.loads((self.folder / "case.json").read_text())
        self.model = json.loads((self.folder / "model.json").read_text())
        self.count = self.description["exampleCount"]
        self.target = self.description["target"]
        self.layer = self.description.get("layer")
        self.is_graph = self.description["kind"] == "graph"
        self.from_logits = self.description["loss"].endswith("FromLogits")
        self.inputs = {
            spec["name"]: np.fromfile(
                self.folder / f"x-{at}.bin", {"float32": "<f4", "int32": "<i4"}[spec["dtype"]]
            ).reshape(-1, *spec["shape"])
            for at, spec in enumerate(self.description["inputs"])
        }
        self.labels = np.fromfile(self.folder / "y.bin", "<i4")
        # The file of gradlens's results.
        self.results = "ours.json"

    def example(self, row):
        return {name: array[row : row + 1] for name, array in self.inputs.items()}

    def weights(self):
        """Arrays by name."""
        content = np.memmap(self.folder / "weights.bin", np.uint8, "r")
        found, start = {}, 0
        for spec in self.model["weightsManifest"][0]["weights"]:
            dtype = {"float32": "<f4", "int32": "<i4"}[spec["dtype"]]
            size = 4 * int(np.prod(spec["shape"], dtype=int))
            found[spec["name"]] = content[start : start + size].view(dtype).reshape(spec["shape"])
            start += size
        return found

    def layers(self):
        """The layers' JSON of Keras."""
        return self.model["modelTopology"]

    def ours(self):
        """What gradlens computed: scores by the index of the training example, and attributions."""
        return json.loads((self.folder / self.results).read_text())


def path_points(steps):
    """Places and weights of a Gauss-Legendre rule on [0, 1]."""
    roots, weights = np.polynomial.legendre.leggauss(steps)
    return (1 + roots) / 2, weights / 2
