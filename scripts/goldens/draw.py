"""Random choices that depend on a key alone. Import after tests/goldens/make is on the path."""
import numpy as np
from common import rng_for


class Draw:
    def __init__(self, *key):
        self.rng = rng_for(*key)

    def one(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def whole(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def chance(self, p):
        return self.rng.random() < p

    def normal(self, *shape, scale=1.0, shift=0.0):
        return (self.rng.standard_normal(shape) * scale + shift).astype(np.float32)
