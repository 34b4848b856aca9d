"""Normalizations, attention and recurrent layers; torch in float64 is the reference of recurrent layers."""

import numpy as np
import torch

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


def make_attention():
    cases = Cases("attention")
    q, k, v = (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 3)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), opset=23)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), opset=23, scale=0.3)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), opset=23, is_causal=1)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), opset=23, softcap=2.0)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), spread(3, 5), opset=23)
    mask = np.array([[1, 1, 0, 1, 0], [1, 0, 1, 1, 1], [0, 1, 1, 1, 1]], bool)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), Constant(mask), opset=23)
    # Two key and value heads for four query heads.
    cases.add("Attention", spread(1, 4, 3, 2), spread(1, 2, 4, 2), spread(1, 2, 4, 3), opset=23)
    cases.add("Attention", spread(*q), spread(*k), spread(*v), spread(1, 2, 3, 5), opset=23, softcap=2.0)
    heads = {"q_num_heads": 2, "kv_num_heads": 2}
    cases.add("Attention", spread(2, 3, 4), spread(2, 5, 4), spread(2, 5, 6), opset=23, **heads)
    return cases


TORCH = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "RNN": torch.nn.RNN}
# ONNX orders the gates iofc and zrh; torch ifgo and rzn.
GATES = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN": [0]}


def recurrent(op, hidden, directions, outputs, direction, has_initial):
    def to_onnx_inverse(w):
        parts = np.split(w, len(GATES[op]), 0)
        ordered = [None] * len(parts)
        for to, source in enumerate(GATES[op]):
            ordered[source] = parts[to]
        return np.concatenate(ordered, 0)

    def run(arrays):
        x, w, r, b, _, *initial = [*arrays, None, None, None][:7]
        net = TORCH[op](x.shape[2], hidden, bidirectional=directions == 2).double()
        state = {}
        for d in range(directions):
            suffix = "l0_reverse" if d else "l0"
            state[f"weight_ih_{suffix}"] = to_onnx_inverse(w[d])
            state[f"weight_hh_{suffix}"] = to_onnx_inverse(r[d])
            for name, part in zip(("ih", "hh"), np.split(b[d], 2)):
                state[f"bias_{name}_{suffix}"] = to_onnx_inverse(part)
        net.load_state_dict({k: torch.from_numpy(np.ascontiguousarray(t)) for k, t in state.items()})
        values = np.ascontiguousarray(x[::-1]) if direction == "reverse" else x
        start = [torch.from_numpy(np.ascontiguousarray(t)) for t in initial if t is not None]
        start = (tuple(start) if op == "LSTM" else start[0]) if has_initial else None
        with torch.no_grad():
            y, last = net(torch.from_numpy(values), start)
        y = y.numpy().reshape(x.shape[0], x.shape[1], directions, hidden).transpose(0, 2, 1, 3)
        last = [t.numpy() for t in (last if op == "LSTM" else (last,))]
        return [y[::-1] if direction == "reverse" else y, *last][:outputs]

    return run


def make_recurrent():
    cases = Cases("recurrent")
    hidden, width, batch = 2, 3, 2
    for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        outputs = 3 if op == "LSTM" else 2
        for direction, length, has_initial in (
            ("forward", 3, False), ("forward", 1, True), ("reverse", 3, True), ("bidirectional", 3, True),
        ):  # fmt: skip
            directions = 2 if direction == "bidirectional" else 1
            weights = [
                spread(directions, gates * hidden, width, low=-1, high=1),
                spread(directions, gates * hidden, hidden, low=-1, high=1),
                spread(directions, 2 * gates * hidden, low=-1, high=1),
            ]
            initial = [spread(directions, batch, hidden, low=-1, high=1) for _ in range(2 if op == "LSTM" else 1)]
            attributes = {"hidden_size": hidden, "direction": direction}
            if op == "GRU":
                attributes["linear_before_reset"] = 1
            cases.add(
                op, spread(length, batch, width), *weights, *([None, *initial] if has_initial else []),
                outputs=outputs, reference=recurrent(op, hidden, directions, outputs, direction, has_initial), **attributes,
            )  # fmt: skip
            # A model that uses the last states alone.
            if length > 1:
                cases.add(
                    op, spread(length, batch, width), *weights, outputs=outputs, absent=[0],
                    reference=recurrent(op, hidden, directions, outputs, direction, False), **attributes,
                )  # fmt: skip
    # ONNX's own reference: the reset gate before the product.
    x = (3, 2, 3)
    w = [spread(1, 6, width, low=-1, high=1), spread(1, 6, hidden, low=-1, high=1), spread(1, 12, low=-1, high=1)]
    cases.add("GRU", spread(*x), *w, hidden_size=2, outputs=2)
    cases.add("GRU", spread(*x), w[0], w[1], hidden_size=2, outputs=2)
    return cases
