"""Convolutions, pools and Resize; torch in float64 is the reference of convolutions."""

import itertools

import numpy as np
import torch
from torch.nn import functional as F

from case import Cases, Constant, constant, spread

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def same_pads(sizes, kernel, strides, dilations, is_upper):
    begins, ends = [], []
    for size, k, s, d in zip(sizes, kernel, strides, dilations):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        small, large = total // 2, total - total // 2
        begins.append(small if is_upper else large)
        ends.append(large if is_upper else small)
    return begins + ends


def torch_pads(pads):
    rank = len(pads) // 2
    return [p for i in reversed(range(rank)) for p in (pads[i], pads[rank + i])]


def convolve(pads, strides, dilations, group):
    def run(arrays):
        x, w, *b = (torch.from_numpy(np.ascontiguousarray(a)) for a in arrays if a is not None)
        y = CONVOLUTIONS[len(pads) // 2](F.pad(x, torch_pads(pads)), w, *b, stride=strides, dilation=dilations, groups=group)
        return [y.numpy()]

    return run


def convolve_transposed(pads, strides, dilations, group, output_padding):
    """The full result, then cut by the padding of each side."""

    def run(arrays):
        x, w, *b = (torch.from_numpy(np.ascontiguousarray(a)) for a in arrays if a is not None)
        y = TRANSPOSED[len(pads) // 2](x, w, None, stride=strides, dilation=dilations, groups=group)
        rank = len(pads) // 2
        ends = [output_padding[i] - pads[rank + i] for i in range(rank)]
        y = F.pad(y, torch_pads([-p for p in pads[:rank]] + ends))
        return [(y + b[0].reshape(1, -1, *[1] * rank) if b else y).numpy()]

    return run


def make_convolutions():
    cases = Cases("convolutions")

    def add(x, w, bias=None, pads=None, strides=None, dilations=None, group=1, auto=None):
        rank = len(x) - 2
        strides, dilations = strides or [1] * rank, dilations or [1] * rank
        attributes = {"strides": strides, "dilations": dilations, "group": group}
        real = pads or [0] * 2 * rank
        if auto:
            attributes["auto_pad"] = auto
            if auto.startswith("SAME"):
                real = same_pads(x[2:], w[2:], strides, dilations, auto == "SAME_UPPER")
        elif pads:
            attributes["pads"] = pads
        inputs = [spread(*x), spread(*w), *([spread(w[0])] if bias else [])]
        for weights in (inputs[1:], [Constant(a) for a in inputs[1:]]):
            cases.add("Conv", inputs[0], *weights, reference=convolve(real, strides, dilations, group), **attributes)

    add((2, 3, 5), (4, 3, 3), True)
    add((2, 2, 6), (2, 2, 3), pads=[1, 2], strides=[2], dilations=[2])
    add((2, 4, 6), (6, 2, 2), True, group=2, strides=[2])
    add((2, 2, 4, 5), (3, 2, 3, 2), True)
    add((1, 2, 5, 6), (2, 2, 3, 3), pads=[1, 0, 2, 1], strides=[2, 3])
    add((1, 2, 6, 7), (2, 2, 3, 2), dilations=[2, 3], strides=[1, 2])
    add((1, 4, 4, 4), (4, 1, 3, 3), True, pads=[1, 1, 1, 1], group=4)
    add((1, 4, 5, 5), (8, 1, 2, 2), strides=[2, 2], group=4)
    add((1, 4, 5, 5), (6, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1], group=2)
    add((1, 2, 5, 4), (3, 2, 1, 1), strides=[2, 2])
    add((1, 1, 3, 3, 4), (2, 1, 2, 2, 2), True)
    add((1, 2, 4, 3, 4), (2, 1, 2, 1, 3), pads=[1, 0, 1, 0, 1, 1], strides=[2, 1, 2], group=2)
    for auto, strides, dilations in itertools.product(("SAME_UPPER", "SAME_LOWER", "VALID"), ([1, 1], [2, 2]), ([1, 1], [2, 1])):
        # ONNX Runtime has no automatic padding for dilated kernels.
        if auto == "VALID" or dilations == [1, 1]:
            add((1, 1, 5, 6), (2, 1, 2, 3), auto=auto, strides=strides, dilations=dilations)
    add((1, 2, 2, 3, 7), (2, 2, 1, 3, 3), pads=[0, 1, 1, 0, 1, 1])
    return cases


def make_transposed_convolutions():
    cases = Cases("transposed-convolutions")

    def add(x, w, bias=None, pads=None, strides=None, dilations=None, group=1, extra=None, auto=None, shape=None):
        rank = len(x) - 2
        strides, dilations, extra = strides or [1] * rank, dilations or [1] * rank, extra or [0] * rank
        attributes = {"strides": strides, "dilations": dilations, "group": group}
        if any(extra):
            attributes["output_padding"] = extra
        real = pads or [0] * 2 * rank
        if shape or (auto and auto.startswith("SAME")):
            wanted = shape or [n * s for n, s in zip(x[2:], strides)]
            totals = [
                s * (n - 1) + e + (k - 1) * d + 1 - out
                for s, n, e, k, d, out in zip(strides, x[2:], extra, w[2:], dilations, wanted)
            ]
            small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
            real = small + large if auto == "SAME_UPPER" else large + small
        if shape:
            attributes["output_shape"] = shape
        if auto:
            attributes["auto_pad"] = auto
        elif pads:
            attributes["pads"] = pads
        inputs = [spread(*x), spread(*w), *([spread(w[1] * group)] if bias else [])]
        reference = convolve_transposed(real, strides, dilations, group, extra)
        for weights in (inputs[1:], [Constant(a) for a in inputs[1:]]):
            cases.add("ConvTranspose", inputs[0], *weights, reference=reference, **attributes)

    add((2, 3, 4), (3, 2, 3), True, strides=[2])
    add((1, 2, 3, 3), (2, 3, 2, 2), True, strides=[2, 2])
    add((1, 2, 3, 4), (2, 2, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2], extra=[1, 1])
    add((1, 2, 3, 4), (2, 2, 3, 2), pads=[1, 0, 0, 1], strides=[2, 1])
    add((1, 4, 3, 3), (4, 1, 3, 3), True, group=2, strides=[2, 2])
    add((1, 4, 3, 3), (4, 2, 2, 2), group=2)
    add((1, 4, 3, 3), (4, 1, 2, 2), group=4, strides=[2, 2], pads=[1, 1, 0, 0])
    add((1, 2, 3, 3), (2, 2, 2, 3), dilations=[2, 2])
    add((1, 2, 2, 2, 3), (2, 1, 2, 2, 2), True, strides=[1, 2, 2])
    add((1, 2, 3, 3), (2, 2, 3, 3), strides=[2, 2], auto="SAME_UPPER")
    add((1, 2, 3, 3), (2, 2, 3, 3), strides=[2, 2], auto="VALID")
    add((1, 2, 3, 3), (2, 2, 3, 3), strides=[2, 2], shape=[8, 6])
    return cases


def pool(reduce, kernel_shape, strides, pads, counts):
    """Of each window, the positions that are not padding, reduced."""

    def run(arrays):
        x = arrays[0]
        y = np.empty((*x.shape[:2], *counts))
        for at in itertools.product(*map(range, counts)):
            begins = [o * s - p for o, s, p in zip(at, strides, pads)]
            window = tuple(slice(max(b, 0), b + k) for b, k in zip(begins, kernel_shape))
            y[(slice(None), slice(None), *at)] = reduce(x[(slice(None), slice(None), *window)])
        return [y]

    return run


def spatial(x):
    return tuple(range(2, x.ndim))


def norm(p):
    return lambda x: (np.abs(x) ** p).sum(spatial(x)) ** (1 / p)


def make_pools():
    cases = Cases("pools")
    geometries = [
        ((2, 2, 6), {"kernel_shape": [2]}),
        ((1, 2, 7), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
        ((1, 2, 4, 5), {"kernel_shape": [2, 3]}),
        ((1, 2, 4, 5), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ((1, 2, 6, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ((1, 1, 5, 6), {"kernel_shape": [3, 2], "strides": [2, 3], "pads": [1, 0, 1, 1]}),
        ((1, 1, 5, 6), {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
        ((1, 1, 6, 6), {"kernel_shape": [2, 2], "dilations": [2, 3]}),
        ((1, 1, 6, 6), {"kernel_shape": [3, 2], "dilations": [2, 1], "strides": [2, 2], "pads": [2, 1, 1, 0]}),
        ((1, 1, 5, 6), {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ((1, 1, 5, 6), {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "SAME_LOWER"}),
        ((1, 1, 5, 6), {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "VALID"}),
        ((1, 1, 3, 4, 4), {"kernel_shape": [2, 2, 2], "strides": [1, 2, 2]}),
    ]
    # Where ONNX's reference differs from its specification, and what it lacks.
    ceiling = {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}
    cases.add("LpPool", spread(1, 1, 5, 6), **ceiling, reference=pool(norm(2), [2, 2], [2, 2], [0, 0], [3, 3]))
    lower = {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "SAME_LOWER"}
    biggest = pool(lambda x: x.max(spatial(x)), [2, 3], [2, 2], [1, 1], [3, 3])
    cases.add("MaxPool", spread(1, 1, 5, 6), **lower, reference=biggest)
    for shape in ((2, 2, 5), (2, 2, 3, 4), (1, 2, 2, 3, 2)):
        keep = [1] * (len(shape) - 2)
        for p in (1, 2, 3):
            cases.add("GlobalLpPool", spread(*shape), p=p, reference=lambda a, p=p: [norm(p)(a[0]).reshape(*shape[:2], *keep)])
        cases.add("GlobalMaxPool", spread(*shape), reference=lambda a: [a[0].max(spatial(a[0]), keepdims=True)])
        cases.add("GlobalAveragePool", spread(*shape))
    for shape, geometry in geometries:
        if geometry.get("auto_pad") != "SAME_LOWER":
            cases.add("MaxPool", spread(*shape), **geometry)
        cases.add("AveragePool", spread(*shape), **geometry)
        cases.add("AveragePool", spread(*shape), **geometry, count_include_pad=1)
        if "dilations" not in geometry and "ceil_mode" not in geometry:
            cases.add("LpPool", spread(*shape), **geometry)
    cases.add("LpPool", spread(1, 1, 4, 4), kernel_shape=[2, 2], p=3)
    return cases


def make_resize():
    cases = Cases("resize")

    def add(shape, scales=None, sizes=None, **attributes):
        if scales:
            cases.add("Resize", spread(*shape), None, Constant(np.array(scales, np.float64)), **attributes)
        else:
            cases.add("Resize", spread(*shape), None, None, constant(*sizes), **attributes)

    ways = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric")
    for mode, way in itertools.product(("nearest", "linear", "cubic"), ways):
        add((1, 2, 3, 4), scales=[1, 1, 2, 1.5], mode=mode, coordinate_transformation_mode=way)
        add((1, 2, 4, 5), sizes=[1, 2, 3, 2], mode=mode, coordinate_transformation_mode=way)
    for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        for way in ("half_pixel", "asymmetric"):
            add((1, 1, 3, 4), scales=[1, 1, 2, 2.5], mode="nearest", nearest_mode=nearest, coordinate_transformation_mode=way)
    add((1, 1, 4, 4), scales=[1, 1, 2, 2], mode="cubic", cubic_coeff_a=-0.5)
    add((1, 1, 4, 4), scales=[1, 1, 0.5, 0.7], mode="cubic", exclude_outside=1)
    add((1, 1, 5, 6), scales=[1, 1, 0.5, 0.6], mode="linear", antialias=1)
    add((2, 2, 3), scales=[1, 1, 2], mode="linear")
    add((1, 1, 2, 3, 2), scales=[1, 1, 2, 2, 2], mode="nearest")
    add((1, 1, 2, 3, 2), scales=[1, 1, 2, 2, 2], mode="linear")
    return cases
