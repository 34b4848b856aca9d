"""Arithmetic, elementary functions and activations."""

import math

import numpy as np

from case import Cases, Constant, spread

BROADCASTS = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((3,), (2, 2, 3)), ((2, 3), ()), ((1, 1), (2, 3))]


def float_constant(value):
    return Constant(np.float64(np.float32(value)))


def make_arithmetic():
    cases = Cases("arithmetic")
    for op in ("Add", "Sub", "Mul", "Min", "Max"):
        for a, b in BROADCASTS:
            cases.add(op, spread(*a), spread(*b, low=-1.9, high=1.7))
    for a, b in BROADCASTS:
        cases.add("Div", spread(*a), spread(*b, low=0.5, high=3))
        cases.add("Pow", spread(*a, low=0.3, high=2), spread(*b, low=-1.5, high=2.5))
    for exponent in (1.0, 2.0, 3.0, -1.0, 0.0):
        cases.add("Pow", spread(2, 3), float_constant(exponent))
    cases.add("Pow", spread(2, 3, low=0.2), float_constant(0.5))
    cases.add("Pow", spread(2, 3), Constant(np.int64(3)))
    cases.add("Mod", spread(2, 3, low=-5, high=5), spread(3, low=1.1, high=2.2), fmod=1)
    for op in ("Sum", "Mean", "Max", "Min"):
        cases.add(op, spread(2, 3))
        cases.add(op, spread(2, 3), spread(3, low=-1.7, high=2.2), spread(2, 1, low=-1.8, high=1.9))
    condition = np.array([[True, False, True], [False, False, True]])
    cases.add("Where", condition, spread(2, 3), spread(2, 3))
    cases.add("Where", condition[:1], spread(2, 1), spread(3))
    cases.add("Where", condition, spread(4, 1, 3), spread())
    cases.add("Clip", spread(3, 4), float_constant(-0.8), float_constant(1.1))
    cases.add("Clip", spread(3, 4), float_constant(-0.8))
    cases.add("Clip", spread(3, 4), None, float_constant(0.7))
    cases.add("Clip", spread(3, 4))
    cases.add("Clip", spread(3, 4), np.float64(np.float32(-0.8)), np.float64(np.float32(1.1)))
    return cases


# ONNX's reference computes it in float32.
erf = np.vectorize(math.erf)


def make_functions():
    cases = Cases("functions")
    cases.add("Erf", spread(3, 4), reference=lambda a: [erf(a[0])])
    everywhere = "Exp Sin Cos Sinh Cosh Atan Asinh Tanh Sigmoid Softplus Softsign Neg Abs Sign Floor Ceil Round Relu"
    for op in [*everywhere.split(), "Identity", "HardSwish", "Mish", "Selu", "LeakyRelu", "Elu", "Celu", "HardSigmoid"]:
        cases.add(op, spread(3, 4))
    for op in ("Log", "Sqrt", "Reciprocal"):
        cases.add(op, spread(3, 4, low=0.2, high=3))
    for op in ("Asin", "Acos", "Atanh"):
        cases.add(op, spread(3, 4, low=-0.95, high=0.95))
    cases.add("Tan", spread(3, 4, low=-1.3, high=1.3))
    cases.add("Acosh", spread(3, 4, low=1.1, high=3))
    cases.add("Gelu", spread(3, 4), reference=lambda a: [a[0] * (1 + erf(a[0] / math.sqrt(2))) / 2])
    cases.add("Gelu", spread(3, 4), approximate="tanh")
    cases.add("LeakyRelu", spread(3, 4), alpha=0.3)
    cases.add("Elu", spread(3, 4), alpha=1.7)
    cases.add("Celu", spread(3, 4), alpha=0.6)
    cases.add("Selu", spread(3, 4), alpha=1.5, gamma=0.9)
    cases.add("HardSigmoid", spread(3, 4), alpha=0.4, beta=0.45)
    cases.add("ThresholdedRelu", spread(3, 4), alpha=0.6)
    cases.add("Shrink", spread(3, 4), bias=0.25, lambd=0.7)
    cases.add(
        "Swish", spread(3, 4), opset=24, alpha=1.3, reference=lambda a: [a[0] / (1 + np.exp(-np.float64(np.float32(1.3)) * a[0]))]
    )  # fmt: skip
    for slope in ((3, 4), (4,), (1,), (3, 1)):
        cases.add("PRelu", spread(3, 4), spread(*slope, low=0.1, high=0.6))
    cases.add("PRelu", spread(2, 3, 4), spread(3, 1, low=-0.5, high=0.6))
    cases.add("Cast", spread(3, 4), to=1, reference=lambda a: [a[0]])
    return cases
