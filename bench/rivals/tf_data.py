"""tf.data: files to batches of float32 pictures. Argument: the task as JSON; see bench/rivals/turns.py for what it says."""

import os

import turns

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
task = turns.options()
try:
    import keras
    import numpy
    import tensorflow as tf
except ImportError as error:
    turns.missing(error)

size = [task["size"], task["size"]]
keras_way = keras.utils.image_dataset_from_directory(
    task["folder"], image_size=size, batch_size=task["batch"], shuffle=False, verbose=False
)


def load(path):
    return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), size)


if task["variant"] == "keras":
    dataset = keras_way
else:
    # The same by hand: batches are made while pictures are loaded, in whatever order.
    dataset = tf.data.Dataset.from_tensor_slices(keras_way.file_paths)
    dataset = dataset.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    dataset = dataset.batch(task["batch"], num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
pictures = len(keras_way.file_paths) * task["repeats"]
repeated = dataset.repeat(task["repeats"])


def images_of(element):
    return element[0] if isinstance(element, tuple) else element


def run():
    count = 0
    for element in repeated:
        count += images_of(element).shape[0]
    if count != pictures:
        raise ValueError(f"{count} pictures instead of {pictures}")
    return count


first = images_of(next(iter(dataset))).numpy()
facts = {
    "output": numpy.mean(first, axis=(1, 2, 3), dtype=numpy.float64).tolist(),
    "pictures": pictures,
    "losses": [],
    "versions": {"tensorflow": tf.__version__},
}
turns.take_turns(run, task, facts)
