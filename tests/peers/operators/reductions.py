"""Reductions, softmax, products of matrices."""

import numpy as np

from case import Cases, Constant, constant, spread

REDUCTIONS = "Sum Mean Max Min Prod L1 L2 LogSum LogSumExp SumSquare".split()


def make_reductions():
    cases = Cases("reductions")
    for name in REDUCTIONS:
        low = 0.2 if name == "LogSum" else -2.0
        op = f"Reduce{name}"
        cases.add(op, spread(2, 3, 4, low=low), constant(1), keepdims=1)
        cases.add(op, spread(2, 3, 4, low=low), constant(-1, 0), keepdims=0)
        cases.add(op, spread(2, 3, low=low), keepdims=0)
        cases.add(op, spread(2, 3, low=low))
        cases.add(op, spread(2, 3, low=low), Constant(np.array([], np.int64)), noop_with_empty_axes=1)
    zeros = spread(2, 3)
    zeros[0, 1] = zeros[1, 0] = zeros[1, 2] = 0
    cases.add("ReduceProd", zeros, constant(1))
    for largest in (0, 1):
        cases.add("TopK", spread(3, 5), constant(2), outputs=2, axis=1, largest=largest)
        cases.add("TopK", spread(4, 2, 3), constant(3), outputs=2, axis=0, largest=largest)
    for op in ("Softmax", "LogSoftmax"):
        for axis in (-1, 0, 1):
            cases.add(op, spread(2, 3, 4), axis=axis)
    cases.add("Softmax", spread(3, 4))
    for op in ("Hardmax", "ArgMax"):
        cases.add(op, spread(2, 3), axis=1)
    return cases


def make_products():
    cases = Cases("products")
    for a, b in [
        ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((3,), (3, 4)), ((2, 3), (3,)),
        ((3,), (3,)), ((2, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (4, 3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 4)),
    ]:  # fmt: skip
        cases.add("MatMul", spread(*a), spread(*b))
    for trans_a in (0, 1):
        for trans_b in (0, 1):
            a, b = ((3, 2) if trans_a else (2, 3)), ((4, 3) if trans_b else (3, 4))
            cases.add("Gemm", spread(*a), spread(*b), transA=trans_a, transB=trans_b)
            cases.add("Gemm", spread(*a), spread(*b), spread(4), transA=trans_a, transB=trans_b, alpha=0.5, beta=1.5)
    for c in ((2, 4), (1, 4), (2, 1), (1,), ()):
        cases.add("Gemm", spread(2, 3), spread(3, 4), spread(*c))
    for equation, *shapes in [
        ("ij,jk->ik", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 3, 2), (2, 2, 4)), ("ij,jk", (2, 3), (3, 4)),
        ("bhid,bhjd->bhij", (2, 2, 3, 2), (2, 2, 2, 2)), ("ij->ji", (2, 3)), ("ij->i", (2, 3)), ("i,j->ij", (2,), (3,)),
        ("i,i->", (3,), (3,)), ("bi,ij,bj->b", (2, 3), (3, 4), (2, 4)), ("...ij,jk->...ik", (2, 2, 3), (3, 2)),
        ("ij->", (2, 3)), ("bi,bi->bi", (2, 3), (2, 3)), (" b i , o i -> b o ", (2, 3), (4, 3)),
    ]:  # fmt: skip
        cases.add("Einsum", *(spread(*s) for s in shapes), equation=equation)
    return cases
