"""Values of TensorFlow's and Keras' functions on pictures: tests/goldens/data/image_functions.

python scripts/goldens/images.py FOLDER [KEY]   (FOLDER is a folder of goldens; another KEY gives other pictures, sizes and values)
Needs tensorflow 2.21 and keras 3.15.1.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tests/goldens/make"))
from common import Book, rng_for, to_np  # noqa: E402  (sets the environment before TensorFlow is loaded)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import keras  # noqa: E402


def main(out, key="dev"):
    book = Book(out, "data/image_functions", "image_functions", "tf.image and keras.ops.image on one picture or a batch")
    r = rng_for(key, "functions")
    h, w = (9, 12) if key == "dev" else (int(r.integers(2, 17)), int(r.integers(2, 17)))
    pictures = {
        "bytes": r.integers(0, 256, (h, w, 3)).astype(np.uint8),
        "floats": r.uniform(0, 1, (h, w, 3)).astype(np.float32),
        "batch": r.uniform(0, 1, (2, h, w, 3)).astype(np.float32),
        "batch_bytes": r.integers(0, 256, (2, h, w, 3)).astype(np.uint8),
        "grey": r.integers(0, 256, (h, w, 1)).astype(np.uint8),
        "flat": np.full((h, w, 3), 0.25, np.float32),
        # Equal channels, black, white: where hue and saturation have no quotient.
        "plain": np.stack([np.repeat(r.uniform(0, 1, (h, w, 1)), 3, -1), np.zeros((h, w, 3))]).astype(np.float32),
    }
    for name, value in pictures.items():
        book.put(name, value)
    functions = {"tf.image": tf.image, "keras.ops.image": keras.ops.image}

    def add(function, which, **arguments):
        for name in which.split():
            package, method = function.rsplit(".", 1)
            given = {k: v for k, v in arguments.items()}
            label = f"{method}_{name}_" + "_".join(f"{k}={v}".replace(" ", "") for k, v in arguments.items())
            case = {"name": label, "function": function, "arguments": arguments, "inputs": [name]}
            try:
                value = to_np(getattr(functions[package], method)(tf.constant(pictures[name]), **given))
            except Exception as error:
                book.add({**case, "outputs": None, "error": type(error).__name__})
            else:
                book.add({**case, "outputs": [book.put(label + "/y", value)]})

    every = "bytes floats batch batch_bytes grey"
    colour = "bytes floats batch batch_bytes flat plain"
    floats = "floats batch flat plain"
    for method in ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"):
        for antialias in (False, True):
            for size in ((h, w), (5, 7), (2 * h + 1, 3), (1, 1), (h, 2 * w)):
                add("tf.image.resize", "batch bytes", size=size, method=method, antialias=antialias)
    for function in ("flip_left_right", "flip_up_down", "transpose"):
        add(f"tf.image.{function}", every)
    for k in (0, 1, 2, 3, 5, -1):
        add("tf.image.rot90", "bytes batch", k=k)
    for fraction in (1.0, 0.5, 0.33, 0.9):
        add("tf.image.central_crop", "bytes batch", central_fraction=fraction)
    add("tf.image.crop_to_bounding_box", every, offset_height=1, offset_width=0, target_height=h - 1, target_width=w)
    add("tf.image.crop_to_bounding_box", "bytes", offset_height=1, offset_width=0, target_height=h, target_width=w)
    add("tf.image.pad_to_bounding_box", every, offset_height=2, offset_width=3, target_height=h + 2, target_width=w + 9)
    add("tf.image.pad_to_bounding_box", "bytes", offset_height=2, offset_width=0, target_height=h + 1, target_width=w)
    for target in ((h + 3, w - 1), (h - 1, w + 4), (1, 1), (h, w)):
        add("tf.image.resize_with_crop_or_pad", "bytes batch", target_height=target[0], target_width=target[1])
        for method in ("bilinear", "area", "lanczos3"):
            add("tf.image.resize_with_pad", "batch floats", target_height=target[0], target_width=target[1], method=method)
    for delta in (0.2, -0.4, 0.0):
        add("tf.image.adjust_brightness", every, delta=delta)
    for factor in (0.0, 0.5, 1.7):
        add("tf.image.adjust_contrast", every, contrast_factor=factor)
        add("tf.image.adjust_saturation", colour, saturation_factor=factor)
    for delta in (0.1, -0.3, 1.0, 0.5):
        add("tf.image.adjust_hue", colour, delta=delta)
    for gamma, gain in ((1.0, 1.0), (2.2, 1.0), (0.5, 0.8)):
        add("tf.image.adjust_gamma", "bytes floats batch", gamma=gamma, gain=gain)
    add("tf.image.rgb_to_grayscale", colour)
    add("tf.image.grayscale_to_rgb", "grey")
    add("tf.image.rgb_to_hsv", floats)
    add("tf.image.hsv_to_rgb", floats)
    add("tf.image.per_image_standardization", every + " flat")
    for size, strides, rate, padding in ((3, None, 1, "valid"), (2, 1, 1, "same"), ((2, 1), (1, 2), 1, "valid"), (2, 1, 2, "valid"), (3, 2, 1, "same")):
        arguments = {"size": size, "dilation_rate": rate, "padding": padding, **({} if strides is None else {"strides": strides})}
        add("keras.ops.image.extract_patches", "batch floats", **arguments)
    for options in ({"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}, {"interpolation": "bicubic", "antialias": True}):
        add("keras.ops.image.resize", "batch floats", size=(4, 11), **options)
    print("data/image_functions", book.save())


if __name__ == "__main__":
    main(*sys.argv[1:])
