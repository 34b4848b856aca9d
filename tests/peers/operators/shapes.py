"""Operators that move values: reshaping, slicing, joining, padding, indexing."""

import numpy as np

from case import Cases, Constant, constant, ints, spread


def make_shapes():
    cases = Cases("shapes")
    x = (2, 3, 4)
    cases.add("Reshape", spread(*x), constant(2, -1))
    cases.add("Reshape", spread(*x), constant(0, 2, 6))
    cases.add("Flatten", spread(*x), axis=1)
    cases.add("Flatten", spread(*x), axis=-1)
    cases.add("Flatten", spread(*x), axis=0)
    cases.add("Transpose", spread(*x))
    cases.add("Transpose", spread(*x), perm=[1, 2, 0])
    cases.add("Squeeze", spread(2, 1, 3, 1), constant(1))
    cases.add("Squeeze", spread(2, 1, 3, 1), constant(-1, 1))
    cases.add("Squeeze", spread(2, 1, 3, 1))
    cases.add("Unsqueeze", spread(2, 3), constant(0, -1))
    cases.add("Expand", spread(3, 1), constant(2, 3, 4))
    cases.add("Expand", spread(2, 3), constant(1, 1))
    cases.add("Tile", spread(2, 3), constant(2, 3))
    cases.add("Tile", spread(2, 1, 3), constant(1, 4, 1))
    for axis in (0, 1, -1):
        shapes = [[2, 3, 4] for _ in range(3)]
        for i, shape in enumerate(shapes):
            shape[axis] = i + 1
        cases.add("Concat", *(spread(*s) for s in shapes), axis=axis)
    cases.add("Concat", spread(2, 3), axis=0)
    cases.add("Split", spread(2, 6), constant(1, 2, 3), axis=1, outputs=3)
    cases.add("Split", spread(2, 7), axis=-1, num_outputs=3, outputs=3)
    cases.add("Split", spread(4, 2), outputs=2, num_outputs=2, unseeded=[1])
    cases.add("DepthToSpace", spread(2, 8, 2, 3), blocksize=2)
    cases.add("DepthToSpace", spread(1, 8, 2, 3), blocksize=2, mode="CRD")
    cases.add("SpaceToDepth", spread(2, 2, 4, 6), blocksize=2)
    for upper in (0, 1):
        cases.add("Trilu", spread(2, 3, 4), upper=upper)
        cases.add("Trilu", spread(3, 3), Constant(np.int64(-1)), upper=upper)
    for exclusive in (0, 1):
        for reverse in (0, 1):
            cases.add("CumSum", spread(2, 3, 4), Constant(np.int64(1)), exclusive=exclusive, reverse=reverse)
    cases.add("CumSum", spread(5), Constant(np.int64(-1)))
    return cases


def pad_constant(pads):
    """A negative number of positions cuts."""

    def run(arrays):
        x = arrays[0]
        begins, ends = pads[: x.ndim], pads[x.ndim :]
        x = x[tuple(slice(max(-b, 0), n - max(-e, 0)) for b, e, n in zip(begins, ends, x.shape))]
        return [np.pad(x, [(max(b, 0), max(e, 0)) for b, e in zip(begins, ends)])]

    return run


def make_slices():
    cases = Cases("slices")
    cases.add("Slice", spread(5, 6), constant(1), constant(4))
    cases.add("Slice", spread(5, 6), constant(1, 0), constant(100, -2), constant(1, 0))
    cases.add("Slice", spread(5, 6), constant(0, 1), constant(5, 6), constant(0, 1), constant(2, 3))
    cases.add("Slice", spread(5, 6), constant(-1), constant(-100), constant(1), constant(-1))
    cases.add("Slice", spread(5, 6), constant(4, 5), constant(0, 0), constant(-2, -1), constant(-2, -3))
    cases.add("Slice", spread(2, 3, 4), constant(1), constant(np.iinfo(np.int64).max), constant(2))
    for pads in ((1, 0, 2, 1), (0, 2, 0, 0), (-1, 0, 1, -1)):
        cases.add("Pad", spread(3, 4), constant(*pads), mode="constant", reference=pad_constant(pads))
    cases.add("Pad", spread(3, 4), constant(1, 1, 1, 1), Constant(np.float64(0.5)))
    cases.add("Pad", spread(3, 4), constant(1, 2), None, constant(1))
    for mode in ("reflect", "edge", "wrap"):
        cases.add("Pad", spread(3, 4), constant(1, 2, 2, 1), mode=mode)
        cases.add("Pad", spread(2, 2, 3, 4), constant(0, 0, 2, 1, 0, 0, 0, 3), mode=mode)
        cases.add("Pad", spread(3, 4), constant(2, 3), None, constant(-1), mode=mode)
    return cases


def make_indexing():
    cases = Cases("indexing")
    cases.add("Gather", spread(5, 3), ints(4, 0, 0, -1))
    cases.add("Gather", spread(2, 4, 3), np.array([[1, 2], [1, -4]]), axis=1)
    cases.add("Gather", spread(2, 4), np.int64(2), axis=-1)
    cases.add("Gather", spread(2, 4), Constant(np.int64(-1)), axis=1)
    cases.add("Gather", spread(2, 4, 3), np.array([[1, 2, 3]], np.int32), axis=1)
    cases.add("GatherElements", spread(3, 4), np.array([[0, 1, 1], [3, -1, 0], [2, 2, 2]]), axis=1)
    cases.add("GatherElements", spread(3, 4), np.array([[0, 1, 1, 2], [0, 0, 2, -3]]))
    cases.add("GatherND", spread(3, 4, 2), np.array([[0, 1], [2, 3], [0, 1]]))
    cases.add("GatherND", spread(3, 4, 2), np.array([[0, 1, 1], [2, -1, 0]]))
    cases.add("GatherND", spread(2, 3, 4), np.array([[[1]], [[2]]]), batch_dims=1)
    indices = np.array([[1, 0, 2], [0, 2, 1]])
    for reduction in ("none", "add", "max", "min"):
        cases.add("ScatterElements", spread(3, 3), indices, spread(2, 3, low=-1.9, high=1.7), reduction=reduction)
        cases.add("ScatterND", spread(4, 3), np.array([[1], [3]]), spread(2, 3, low=-1.9, high=1.7), reduction=reduction)
    cases.add("ScatterElements", spread(2, 4), np.array([[1, -1], [0, 2]]), spread(2, 2), axis=1)
    cases.add("ScatterElements", spread(2, 4), np.array([[1, 1], [0, 2]]), spread(2, 2), axis=1, reduction="add")
    cases.add("ScatterND", spread(2, 3, 2), np.array([[[0, 1], [1, 2]]]), spread(1, 2, 2))
    cases.add("ScatterND", spread(4, 3), np.array([[1], [1]]), spread(2, 3), reduction="add")
    cases.add("OneHot", np.array([1, 0, -1]), Constant(np.int64(4)), spread(2))
    cases.add("OneHot", np.array([[1], [3]]), Constant(np.int64(4)), spread(2), axis=0)
    cases.add("Compress", spread(3, 4), Constant(np.array([True, False, True])), axis=0)
    cases.add("ReverseSequence", spread(4, 3), Constant(ints(1, 4, 2)), time_axis=0, batch_axis=1)
    return cases
