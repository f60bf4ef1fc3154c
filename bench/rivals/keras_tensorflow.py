"""Keras on TensorFlow: the fine-tuning step. Argument: the task as JSON; see bench/rivals/turns.py for what it says."""

import os
import time

import turns

task = turns.options()
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
try:
    import numpy
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(task["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(task["threads"])
    import keras
except ImportError as error:
    turns.missing(error)

batch = task["batch"]
network, weight, pictures, labels = turns.read_shared(task["folder"], batch, numpy)
units = network["units"]

# The architecture comes over as Keras' own configuration.
base = keras.Model.from_config(network["config"])
head = keras.layers.Dense(units, name="head")


class FineTuned(keras.Model):
    """Not a functional model: up to Keras 3.15, `fit` makes those forget a `training=False` of the base."""

    def __init__(self):
        super().__init__()
        self.base, self.head = base, head

    def call(self, x):
        return self.head(self.base(x, training=False))


model = FineTuned()
head.build((None, network["features"]))
for layer in [*base.layers, head]:
    layer.set_weights([weight(f"{layer.name}/{variable.name}") for variable in layer.weights])
base.trainable = True
loss = (
    keras.losses.BinaryCrossentropy(from_logits=True)
    if units == 1
    else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
)
model.compile(keras.optimizers.Adam(1e-5), loss, jit_compile=task["variant"] == "jit")
answers = labels.astype("float32").reshape(batch, 1) if units == 1 else labels

start = time.perf_counter()
history = model.fit(pictures, answers, batch_size=batch, epochs=1, verbose=0, shuffle=False)
facts = {
    "firstStepMs": (time.perf_counter() - start) * 1e3,
    "firstStepPeakMB": turns.peak_memory_mb(),
    "losses": [history.history["loss"][0]],
    "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
}
# Constants, so that a step does not begin with a copy.
x, y = tf.constant(pictures), tf.constant(answers)
turns.take_turns(lambda: float(model.train_on_batch(x, y)), task, facts)
