"""Normalizations."""

import numpy as np

from case import Cases, Constant, spread


def layer_norm(axis, epsilon, has_bias):
    def run(arrays):
        x, scale, *bias = arrays
        axes = tuple(range(axis % x.ndim, x.ndim))
        centred = x - x.mean(axes, keepdims=True)
        y = centred / np.sqrt((centred**2).mean(axes, keepdims=True) + epsilon) * scale
        return [y + bias[0] if has_bias else y]

    return run


def group_norm(groups, epsilon):
    """Opset 21: a scale and a bias for each channel."""

    def run(arrays):
        x, scale, bias = arrays
        batch, channels, *sizes = x.shape
        parts = x.reshape(batch, groups, -1)
        centred = parts - parts.mean(2, keepdims=True)
        y = (centred / np.sqrt((centred**2).mean(2, keepdims=True) + epsilon)).reshape(x.shape)
        wide = (1, channels, *[1] * len(sizes))
        return [y * scale.reshape(wide) + bias.reshape(wide)]

    return run


def rms_norm(axis, epsilon):
    def run(arrays):
        x, scale = arrays
        axes = tuple(range(axis % x.ndim, x.ndim))
        return [x / np.sqrt((x**2).mean(axes, keepdims=True) + epsilon) * scale]

    return run


def standardize(axes):
    def run(arrays):
        centred = arrays[0] - arrays[0].mean(axes, keepdims=True)
        return [centred / (np.sqrt((centred**2).mean(axes, keepdims=True)) + 1e-9)]

    return run


def local_response(size, alpha, beta, bias):
    def run(arrays):
        x = arrays[0]
        y = np.empty_like(x)
        for channel in range(x.shape[1]):
            first = max(0, channel - size // 2)
            squares = (x[:, first : channel + size // 2 + 1] ** 2).sum(1)
            y[:, channel] = x[:, channel] / (bias + alpha / size * squares) ** beta
        return [y]

    return run


def make_normalizations():
    cases = Cases("normalizations")
    for shape in ((3, 2), (2, 3, 4), (2, 2, 3, 2)):
        c = shape[1]
        running = [Constant(spread(c)), Constant(spread(c, low=0.4, high=2))]
        cases.add("BatchNormalization", spread(*shape), spread(c), spread(c), *running, epsilon=1e-3)
        if len(shape) > 2:
            cases.add("InstanceNormalization", spread(*shape), spread(c), spread(c), epsilon=1e-3)
    for axis, scale in ((-1, (4,)), (1, (3, 4)), (2, (4,)), (0, (2, 3, 4))):
        x, epsilon = spread(2, 3, 4), float(np.float32(1e-3))
        cases.add("LayerNormalization", x, spread(*scale), spread(*scale), axis=axis, epsilon=1e-3, reference=layer_norm(axis, epsilon, True))  # fmt: skip
        cases.add("LayerNormalization", x, spread(*scale), axis=axis, epsilon=1e-3, reference=layer_norm(axis, epsilon, False))  # fmt: skip
        cases.add("RMSNormalization", x, spread(*scale), axis=axis, epsilon=1e-3, opset=23, reference=rms_norm(axis, epsilon))  # fmt: skip
    for shape, groups in (((2, 4, 3), 2), ((1, 6, 2, 2), 3), ((2, 4, 2), 1)):
        cases.add(
            "GroupNormalization", spread(*shape), spread(shape[1]), spread(shape[1]),
            num_groups=groups, epsilon=1e-3, reference=group_norm(groups, float(np.float32(1e-3))),
        )  # fmt: skip
    for axis in (-1, 1):
        absolute = lambda a, axis=axis: [a[0] / np.abs(a[0]).sum(axis, keepdims=True)]
        cases.add("LpNormalization", spread(2, 3, 4), axis=axis, p=1, reference=absolute)
        cases.add("LpNormalization", spread(2, 3, 4), axis=axis, p=2)
    numbers = {"alpha": 0.5, "beta": 0.625, "bias": 1.5}
    for size in (3, 5):
        reference = local_response(size, **numbers)
        cases.add("LRN", spread(2, 5, 2, 2), size=size, reference=reference, **numbers)
    for axes in ([0, 2, 3], [1, 2]):
        cases.add("MeanVarianceNormalization", spread(2, 2, 2, 3), axes=axes, reference=standardize(tuple(axes)))
    return cases
