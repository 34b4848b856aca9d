"""What the architectures have in common: weights by rule, and a function of a dtype that computes outputs."""

from dataclasses import dataclass, field

import numpy as np

from generated import uniform


@dataclass
class Weight:
    """An array of the saved model: generated from `seed`, or given as `values`."""

    name: str
    shape: tuple
    seed: str = ""
    scale: float = 1.0
    offset: float = 0.0
    values: np.ndarray | None = None

    def array(self):
        if self.values is not None:
            return self.values
        return uniform(self.seed, self.shape, self.scale, self.offset)


@dataclass
class Subject:
    """
    name, kind ('layers' or 'graph'), topology as model.json has it, its weights, the names of those with gradients;
    inputs: arrays, or for pictures a seed and a shape; run: (dtype, weights, inputs, tape) → logits and watched value.
    """

    name: str
    kind: str
    topology: dict
    weights: list
    inputs: dict
    run: object
    trained: list = field(default_factory=list)
    layer: str | None = None


def rule(name, shape, gain):
    """Scale and offset that keep activations of order 1: by fan-in, and positive variances."""
    last = name.rpartition("/")[2]
    if "variance" in last:
        return 0.5, 1.0
    if "gamma" in last:
        return 0.25, 1.0
    if len(shape) <= 1:
        return 0.1, 0.0
    if "embeddings" in name and len(shape) == 2:
        return 1.0, 0.0
    inputs = np.prod(shape[:2]) if "depthwise" in last else np.prod(shape[:-1])
    return float(np.float32(gain * np.sqrt(3 / inputs))), 0.0
