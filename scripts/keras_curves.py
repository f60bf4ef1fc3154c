"""The demo's recipe in real Keras, for the curves in docs/demo.md: python scripts/keras_curves.py [--seed N] [--out FILE].

Needs keras 3.15, tensorflow and safetensors in the Python that runs it, and a built library (`npm run build`): the base comes over
as Keras' own configuration. The same pictures, schedule and settings as examples/demo.ts; the pictures are decoded by TensorFlow.
"""

import argparse
import json
import os
import pathlib
import subprocess
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy
import tensorflow as tf
from safetensors.numpy import load_file

root = pathlib.Path(__file__).resolve().parent.parent
options = argparse.ArgumentParser()
options.add_argument("--seed", type=int, default=0)
options.add_argument("--out", default=None)
options = options.parse_args()
keras.utils.set_random_seed(options.seed)
tf.config.threading.set_intra_op_parallelism_threads(2)

program = """
import { applications } from './dist/index.js'
const base = await applications.efficientNetLite0({ weights: null, includeTop: false, inputShape: [224, 224, 3] })
process.stdout.write(JSON.stringify(base.getConfig()))
"""
config = subprocess.run(["node", "--input-type=module", "-e", program], cwd=root, capture_output=True, check=True, text=True).stdout
base = keras.Model.from_config(json.loads(config))
stored = load_file(root / "assets/weights/efficientnet_lite0_notop.safetensors")
for layer in base.layers:
    layer.set_weights([stored[f"{layer.name}/{variable.name}"].astype("float32") for variable in layer.weights])


def load(name):
    """Rounded to uint8, as the demo does."""
    dataset = keras.utils.image_dataset_from_directory(root / "assets/clothing-mini" / name, image_size=(224, 224), batch_size=None, shuffle=False, verbose=False)
    return dataset.map(lambda x, y: (tf.cast(tf.round(tf.clip_by_value(x, 0, 255)), tf.uint8), y)).cache()


class Classifier(keras.Model):
    """Not a functional model: up to Keras 3.15, `fit` makes those forget a `training=False` of the base."""

    def __init__(self):
        super().__init__()
        self.augment = [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.1)]
        self.scale = keras.layers.Rescaling(1 / 128, -127 / 128)
        self.base, self.pool = base, keras.layers.GlobalAveragePooling2D()
        self.drop, self.head = keras.layers.Dropout(0.2), keras.layers.Dense(6)

    def call(self, x, training=False):
        x = tf.cast(x, tf.float32)
        for layer in self.augment:
            x = layer(x, training=training)
        x = self.base(self.scale(x), training=False)
        return self.head(self.drop(self.pool(x), training=training))


start = time.perf_counter()
train = load("train").shuffle(360, seed=options.seed).batch(32).prefetch(2)
validation, test = (load(name).batch(32).prefetch(2) for name in ("validation", "test"))
model = Classifier()


def phase(rate, epochs):
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(train, validation_data=validation, epochs=epochs, verbose=2).history
    return {name: [float(value) for value in values] for name, values in history.items()}, model.evaluate(test, verbose=0, return_dict=True)


base.trainable = False
head, head_test = phase(1e-3, 10)
base.trainable = True
for layer in base.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
fine_tuning, final = phase(1e-5, 6)
result = {"seed": options.seed, "head": head, "headTest": head_test, "fineTuning": fine_tuning, "test": final, "seconds": time.perf_counter() - start}
text = json.dumps(result, indent=1)
print(text) if options.out is None else pathlib.Path(options.out).write_text(text)
