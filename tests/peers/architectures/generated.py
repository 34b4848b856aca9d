"""Numbers that Python and TypeScript generate alike, from a name: tests/support/models/generated.ts has the same rules."""

import numpy as np

# Per gradient, the number of its signed sums that are compared.
SUMS = 4


def mix(values):
    """MurmurHash3's finalizer of 32-bit integers."""
    h = values.astype(np.uint32)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h


def hashes(name, count):
    """One 32-bit integer for each position; the name's own hash is FNV-1a."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    steps = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    return mix(steps + np.uint32(seed))


def uniform(name, shape, scale=1.0, offset=0.0):
    """Float32 numbers in [offset − scale, offset + scale)."""
    unit = (hashes(name, int(np.prod(shape))) >> np.uint32(8)) * 2.0**-23 - 1
    return (offset + scale * unit).astype(np.float32).reshape(shape)


def integers(name, shape, below):
    return (hashes(name, int(np.prod(shape))) % np.uint32(below)).astype(np.int32).reshape(shape)


def project(name, gradient):
    """Σ ± g over all elements, with the signs that the bits of the name's hashes give. [SUMS]"""
    flat = np.asarray(gradient, np.float64).ravel()
    bits = hashes(name, flat.size)
    signs = ((bits[None] >> np.arange(SUMS, dtype=np.uint32)[:, None]) & np.uint32(1)) * 2.0 - 1
    return signs @ flat
