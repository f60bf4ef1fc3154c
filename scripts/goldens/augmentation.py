"""Golden values of the augmentation layers that tests/goldens/make does not cover: fixed parameters and Keras's exact result.

    python scripts/goldens/augmentation.py tests/goldens          # the committed book layers/augmentation
    python scripts/goldens/augmentation.py FOLDER --key other     # further cases: other pictures, parameters and sizes
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/goldens/make"))
from common import *  # noqa: E402,F403
from images import img  # noqa: E402
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

def floats(r, n, low, high):
    return r.uniform(low, high, n).astype(np.float32)


def flags(r, n):
    f = r.random(n) < 0.6
    f[0] = True
    return f


class Maker:
    """Draws parameters for one batch. Each method gives (what Keras takes, what the book stores)."""

    def __init__(self, r, shape, layer):
        self.r, (self.n, self.h, self.w, self.c), self.layer = r, shape, layer

    def make(self):
        return getattr(self, type(self.layer).__name__)()

    def RandomHue(self):
        f = floats(self.r, self.n, -0.5, 0.5)
        return {"factor": tf.constant(f)}, {"factor": f}

    def RandomSaturation(self):
        f = floats(self.r, self.n, 0, 1.6)
        return {"factor": tf.constant(f)}, {"factor": f}

    def RandomGrayscale(self):
        f = flags(self.r, self.n)
        return tf.constant(f.reshape(-1, 1, 1, 1)), {"apply": f}

    def RandomColorDegeneration(self):
        f = floats(self.r, self.n, -0.3, 1)
        return {"factor": tf.constant(f.reshape(-1, 1, 1, 1))}, {"factor": f}

    def RandomBrightness(self):
        lo, hi = self.layer.value_range
        f = floats(self.r, self.n, -0.5, 0.5) * np.float32(hi - lo)
        return {"rgb_delta": tf.constant(f.reshape(-1, 1, 1, 1))}, {"delta": f}

    def RandomContrast(self):
        f = floats(self.r, self.n, 0, 2)
        return {"contrast_factor": tf.constant(f.reshape(-1, 1, 1, 1))}, {"contrast_factor": f}

    def RandomSharpness(self):
        f = floats(self.r, self.n, 0, 1)
        return {"factor": tf.constant(f)}, {"factor": f}

    def RandomGaussianBlur(self):
        f, s = flags(self.r, self.n), floats(self.r, 2, 0.3, 1)
        return {"should_apply_blur": tf.constant(f), "blur_factor": tf.constant(s)}, {"apply": f, "sigma": s}

    def RandomInvert(self):
        f = flags(self.r, self.n)
        return {"apply_inversion": tf.constant(f)}, {"apply": f}

    def RandomPosterization(self):
        s = self.r.integers(0, 8, self.n)
        return {"shift_factor": tf.constant(s, tf.uint8)}, {"shift": s}

    def Solarization(self):
        a, t = floats(self.r, self.n, 0, 120), floats(self.r, self.n, 0, 255)
        return ({"additions": tf.constant(a.reshape(-1, 1, 1, 1)), "thresholds": tf.constant(t.reshape(-1, 1, 1, 1))},
                {"additions": a, "thresholds": t})

    def AutoContrast(self):
        return None, {}

    def Equalization(self):
        return None, {}

    def ContrastLimitedAdaptiveHistogramEqualization(self):
        return None, {}

    def boxes(self):
        ends = lambda size: np.sort(self.r.uniform(0, size, (self.n, 2)).astype(np.float32), axis=1).T
        (x0, x1), (y0, y1) = ends(self.w), ends(self.h)
        masks = self.layer._generate_batch_mask((self.n, self.h, self.w, self.c), tuple(map(tf.constant, (x0, x1, y0, y1))))
        masks = masks[0] if isinstance(masks, tuple) else masks
        return masks, {"x0": x0, "x1": x1, "y0": y0, "y1": y1}

    def RandomErasing(self):
        masks, stored = self.boxes()
        f, fill = flags(self.r, self.n), self.layer.fill_value
        if fill is None:
            fill = normal(self.r, (self.n, self.h, self.w, self.c), self.layer.value_range[1])
            fill = np.clip(fill, *self.layer.value_range)
            stored["fill_tensor"] = fill
            fill = tf.constant(fill)
        else:
            fill = tf.clip_by_value(tf.broadcast_to(tf.constant(fill, tf.float32), (self.n, self.h, self.w, self.c)), *self.layer.value_range)
        return {"apply_erasing": tf.constant(f), "batch_masks": masks, "fill_value": fill}, {"apply": f, **stored}

    def RandomShear(self):
        s = self.r.uniform(-0.6, 0.6, (self.n, 2)).astype(np.float32)
        return {"shear_factor": tf.constant(s), "input_shape": (self.n, self.h, self.w, self.c)}, {"shear_x": s[:, 0], "shear_y": s[:, 1]}

    def RandomTranslation(self):
        t = np.stack([floats(self.r, self.n, -0.4, 0.4) * self.w, floats(self.r, self.n, -0.4, 0.4) * self.h], 1).astype(np.float32)
        return ({"translations": tf.constant(t), "input_shape": (self.n, self.h, self.w, self.c)},
                {"height_pixels": t[:, 1], "width_pixels": t[:, 0]})

    def RandomRotation(self):
        a = floats(self.r, self.n, -180, 180)
        one, zero = tf.ones([self.n]), tf.zeros([self.n])
        m = self.layer._compute_affine_matrix(center_x=0.5, center_y=0.5, angle=tf.constant(a), translate_x=zero, translate_y=zero,
                                              scale=one, shear_x=zero, shear_y=zero, height=self.h, width=self.w)
        return {"rotation_matrix": m, "angle": tf.constant(a)}, {"angle_degrees": a}

    def RandomPerspective(self):
        start = np.array([[[0, 0], [self.w - 1, 0], [0, self.h - 1], [self.w - 1, self.h - 1]]] * self.n, np.float32)
        end = start + start * self.r.uniform(-0.5, 0.5, (self.n, 4, 2)).astype(np.float32)
        f = flags(self.r, self.n)
        return ({"apply_perspective": tf.constant(f), "start_points": tf.constant(start), "end_points": tf.constant(end), "input_shape": None},
                {"apply": f, "start_points": start, "end_points": end})

    def RandomElasticTransform(self):
        f, d = flags(self.r, self.n), np.float32(self.r.uniform(0.4, 1))
        noise = normal(self.r, (2, self.n, self.h, self.w))
        rest = [tf.constant(noise[0]), tf.constant(noise[1])]
        # Keras draws both fields from one seed, so that they are equal; here each has its own.
        tf.random.stateless_normal = lambda *a, **k: rest.pop(0)
        return ({"apply_transform": tf.constant(f), "distortion_factor": tf.constant(d), "seed": 1},
                {"apply": f, "distortion": d, "noise_tensor": noise})

    def MixUp(self):
        w, p = floats(self.r, self.n, 0, 1), self.r.permutation(self.n)
        return {"mix_weight": tf.constant(w), "permutation_order": tf.constant(p)}, {"mix_weight": w, "permutation": p}

    def CutMix(self):
        masks, stored = self.boxes()
        x0, x1, y0, y1 = (np.float32(stored[k]) for k in ("x0", "x1", "y0", "y1"))
        w, p = 1 - (x1 - x0) * (y1 - y0) / (self.w * self.h), self.r.permutation(self.n)
        return ({"mix_weight": tf.constant(w, tf.float32), "permutation_order": tf.constant(p), "batch_masks": masks},
                {"mix_weight": w, "permutation": p, **stored})

    def some(self, name):
        layer = getattr(self.layer, name)
        return Maker(self.r, (self.n, self.h, self.w, self.c), layer).make()

    def RandAugment(self):
        names = self.layer._AUGMENT_LAYERS
        made = {name: self.some(name) for name in names}
        idx = self.r.integers(0, len(names), self.layer.num_ops)
        return ({"layer_idxes": tf.constant(idx), "transforms": {k: v[0] for k, v in made.items()}},
                {"layer_idxes": idx, "transforms": {k: v[1] for k, v in made.items()}})

    def AugMix(self):
        names = self.layer._augment_layers
        chains, stored = [], []
        for _ in range(self.layer.num_chains):
            pick = [names[i] for i in self.r.integers(0, len(names), self.layer.chain_depth)]
            made = [self.some(name) for name in pick]
            chains.append([{"layer_name": n, "transformation": m[0]} for n, m in zip(pick, made)])
            stored.append([{"layer_name": n, "transformation": m[1]} for n, m in zip(pick, made)])
        w = floats(self.r, self.layer.num_chains, 0.1, 1)
        w, s = w / w.sum(), np.float32(self.r.uniform(0.2, 0.7))
        return ({"chain_mixing_weights": tf.constant(w), "weight_sample": tf.constant(s), "chain_transforms": chains},
                {"chain_mixing_weights": w, "weight_sample": s, "chain_transforms": stored})


def with_tensors(b, name, stored):
    """Arrays under keys `..._tensor` go to the tensor file."""
    return {k: b.put(f"{name}/{k}", v) if k.endswith("_tensor") else v for k, v in stored.items()}


def case(b, key, name, cls, kwargs, shape, unit=False, values="img", labels=None, notes=""):
    reset()
    r = rng_for(key, name)
    layer = getattr(keras.layers, cls)(**kwargs)
    x = img(key, name, *shape)
    if values == "noise":
        x = np.floor(r.uniform(0, 256, shape)).astype(np.float32)
    elif values == "fraction":
        x = r.uniform(0, 255, shape).astype(np.float32)
    elif values == "constant":
        x = np.broadcast_to(np.array([7, 0, 255], np.float32)[: shape[-1]], shape).copy()
        x[0, 0, 0, 0] = 9
    if unit:
        x = x / np.float32(255)
    given, stored = Maker(r, shape, layer).make()
    one = {"name": name, "class_name": cls, "config": layer.get_config(), "notes": notes, "training": True, "parameters": with_tensors(b, name, stored),
           "inputs": [{"tensor": b.put(f"{name}/x0", x), "shape": x.shape, "dtype": str(x.dtype)}]}
    y = to_np(layer.transform_images(tf.constant(x), given, training=True))
    one["outputs"] = [{"tensor": b.put(f"{name}/y0", y), "shape": y.shape, "dtype": str(y.dtype)}]
    if labels is not None:
        l = np.eye(labels, dtype=np.float32)[r.integers(0, labels, shape[0])]
        one["labels"] = {"input": b.put(f"{name}/l0", l), "output": b.put(f"{name}/l1", to_np(layer.transform_labels(tf.constant(l), given, training=True)))}
    b.add(one)


def book(out, key, shape, odd):
    b = Book(out, "layers/augmentation", "augmentation", "augmentation layers with the parameters fixed: exact output")
    grey = (*shape[:3], 1)
    C = lambda *a, **k: case(b, key, *a, **k)
    for cls, kw in (("RandomHue", dict(factor=0.5)), ("RandomSaturation", dict(factor=0.5)), ("RandomColorDegeneration", dict(factor=0.5)),
                    ("RandomSharpness", dict(factor=0.7)), ("RandomInvert", {}), ("RandomPosterization", dict(factor=5)), ("Solarization", dict(addition_factor=0.3, threshold_factor=0.6)),
                    ("AutoContrast", {}), ("Equalization", {}), ("ContrastLimitedAdaptiveHistogramEqualization", dict(tile_grid_size=(2, 3))), ("RandomErasing", {}), ("RandomGaussianBlur", {})):
        low = cls.lower()
        C(low, cls, kw, shape)
        C(f"{low}_odd_fractions", cls, kw, odd, values="fraction")
        C(f"{low}_unit_range", cls, dict(kw, value_range=(0, 1)), shape, unit=True, values="noise")
        C(f"{low}_constant", cls, kw, shape, values="constant")
        if cls not in ("RandomHue", "RandomSaturation"):
            C(f"{low}_grey", cls, kw, grey)
    C("grayscale", "RandomGrayscale", {}, shape)
    C("grayscale_grey", "RandomGrayscale", dict(factor=0.3), grey)
    C("posterization_bits", "RandomPosterization", dict(factor=(3, 3)), shape, values="noise")
    C("equalization_bins", "Equalization", dict(bins=32), shape, values="fraction")
    C("equalization_large", "Equalization", {}, (1, 40, 50, 3), values="noise")
    C("equalization_other_range", "Equalization", dict(value_range=(-1, 1)), shape, values="noise", notes="values outside of the range")
    C("clahe_unlimited", "ContrastLimitedAdaptiveHistogramEqualization", dict(tile_grid_size=(3, 2), clip_limit=0.0), odd)
    C("clahe_default", "ContrastLimitedAdaptiveHistogramEqualization", {}, (2, 20, 24, 3))
    C("blur_5", "RandomGaussianBlur", dict(kernel_size=5, sigma=(0.2, 0.9)), odd)
    C("blur_3_5", "RandomGaussianBlur", dict(kernel_size=(3, 5)), shape, notes="Keras builds the kernel 5 x 3 and reads it as 3 x 5")
    C("erasing_fill", "RandomErasing", dict(fill_value=17.0, factor=0.5), shape)
    C("erasing_fill_color", "RandomErasing", dict(fill_value=[250.0, 300.0, -4.0], scale=(0.1, 0.5)), odd)
    for fm in ("reflect", "constant", "nearest", "wrap"):
        for ip in ("bilinear", "nearest"):
            kw = dict(fill_mode=fm, interpolation=ip, fill_value=33.0 if fm == "constant" else 0.0)
            C(f"shear_{fm}_{ip}", "RandomShear", dict(x_factor=0.3, y_factor=(0.1, 0.5), **kw), shape)
            C(f"elastic_{fm}_{ip}", "RandomElasticTransform", dict(scale=(0.4, 1.0), **kw), (1, 44, 41, 3))
    C("shear_default", "RandomShear", {}, odd)
    for ip in ("bilinear", "nearest"):
        C(f"perspective_{ip}", "RandomPerspective", dict(interpolation=ip, fill_value=12.0), shape)
        C(f"perspective_{ip}_odd", "RandomPerspective", dict(interpolation=ip, scale=0.4, factor=(0.2, 0.8)), odd)
    C("elastic_small", "RandomElasticTransform", {}, shape, notes="a deviation below one pixel: no smoothing")
    C("mix_up", "MixUp", dict(alpha=0.4), (5, *shape[1:]), labels=4)
    C("cut_mix", "CutMix", dict(factor=0.8), (5, *shape[1:]), labels=3)
    C("cut_mix_odd", "CutMix", {}, odd, labels=2)
    for i in range(4):
        C(f"rand_augment_{i}", "RandAugment", dict(num_ops=i + 1, factor=0.4 + i / 10), shape, values="noise" if i % 2 else "img")
        C(f"aug_mix_{i}", "AugMix", dict(num_chains=1 + i, chain_depth=3 - i // 2, all_ops=i != 1, factor=0.3), shape)
    C("rand_augment_unit", "RandAugment", dict(value_range=(0, 1), interpolation="nearest"), shape, unit=True)
    C("aug_mix_unit", "AugMix", dict(value_range=(0, 1)), shape, unit=True)
    return b.save()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("--key", default="augment")
    a = p.parse_args()
    if a.key == "augment":
        print(book(a.out, a.key, (3, 8, 10, 3), (2, 9, 7, 3)))
    else:
        r = rng_for(a.key, "shapes")
        s = [int(v) for v in r.integers(6, 17, 4)]
        print(book(a.out, a.key, (4, s[0], s[1], 3), (1, s[2] | 1, s[3] | 1, 3)))
