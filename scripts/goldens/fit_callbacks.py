"""Golden runs of fit with TensorBoard and SwapEMAWeights: python scripts/goldens/fit_callbacks.py tests/goldens (needs tensorboard)."""
import glob
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "goldens", "make"))
from common import Book, plain, reset
import keras
import tensorflow as tf
from training import SCCE, compile_spec, data, dense_net, fill, model_spec, res_net, weights_into, BCE, BACC

KEY = "fit_callbacks"


def events_of(folder):
    """What the event files hold, in order, without times."""
    found = []
    for part in ("train", "validation"):
        for path in sorted(glob.glob(os.path.join(folder, part, "*tfevents*"))):
            for event in tf.compat.v1.train.summary_iterator(path):
                for value in event.summary.value:
                    tensor = tf.make_ndarray(value.tensor)
                    entry = {"part": part, "tag": value.tag, "step": event.step, "plugin": value.metadata.plugin_data.plugin_name}
                    if entry["plugin"] != "graph_keras_model":
                        entry["value"] = plain(tensor)
                    found.append(entry)
    return found


def case(book, name, build, optimizer, loss, metrics, xy, val, fit, callback, keep_files=None, notes=""):
    reset()
    model = build()
    fill(model, KEY + name)
    built, loss_object, metric_objects, spec = compile_spec(optimizer, loss, metrics)
    model.compile(optimizer=built, loss=loss_object, metrics=metric_objects, jit_compile=False)
    c = {"name": name, "notes": notes, "model": model_spec(model), "compile": spec, "fit": fit, "callback": {"class_name": callback[0], "config": callback[1]},
         "x": book.put(name + "/x", xy[0]), "y": book.put(name + "/y", xy[1]), "initial_weights": weights_into(book, name, model, "init")}
    if val is not None:
        c["val_x"], c["val_y"] = book.put(name + "/val_x", val[0]), book.put(name + "/val_y", val[1])
    with tempfile.TemporaryDirectory() as folder:
        options = dict(callback[1])
        if callback[0] == "TensorBoard":
            options["log_dir"] = folder
        made = getattr(keras.callbacks, callback[0])(**options)
        history = model.fit(xy[0], xy[1], validation_data=val, shuffle=False, verbose=0, callbacks=[made], **fit)
        if callback[0] == "TensorBoard":
            c["events"] = events_of(folder)
            if keep_files:
                for part in ("train", "validation"):
                    [path] = glob.glob(os.path.join(folder, part, "*tfevents*"))
                    shutil.copy(path, os.path.join(keep_files, f"events.{part}"))
    c["history"] = plain(history.history)
    c["final_weights"] = weights_into(book, name, model, "final")
    book.add(c)


def run(out):
    book = Book(out, "training/fit_callbacks", "fit_callbacks", "model.fit with one callback: history, final weights, and what TensorBoard's event files hold")
    xy, val = data(KEY, "a", 20, (5,), 3, "float"), data(KEY, "b", 9, (5,), 3, "float")
    images, images_val = data(KEY, "c", 12, (8, 8, 3), 1, "float"), data(KEY, "d", 6, (8, 8, 3), 1, "float")
    sgd = lambda **o: ("SGD", dict(learning_rate=0.1, **o))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.2, 3, 0.5)
    files = os.path.join(out, "training", "fit_callbacks_files")
    os.makedirs(files, exist_ok=True)
    C = lambda *a, **k: case(book, *a, **k)
    C("tb_epochs", dense_net, sgd(), SCCE, ["accuracy"], xy, val, dict(batch_size=8, epochs=3), ("TensorBoard", dict(histogram_freq=2)), keep_files=files)
    C("tb_no_validation_schedule", dense_net, ("SGD", dict(learning_rate=schedule)), SCCE, ["accuracy"], xy, None, dict(batch_size=8, epochs=2), ("TensorBoard", dict(write_graph=False)))
    C("tb_batches", dense_net, sgd(), SCCE, ["accuracy"], xy, val, dict(batch_size=4, epochs=2), ("TensorBoard", dict(update_freq="batch")))
    C("tb_images", res_net, ("Adam", {}), BCE, [BACC], images, images_val, dict(batch_size=6, epochs=1), ("TensorBoard", dict(histogram_freq=1)))
    for name, options in (("swap_ema", {}), ("swap_ema_on_epoch", dict(swap_on_epoch=True))):
        C(name, dense_net, sgd(use_ema=True, ema_momentum=0.7), SCCE, ["accuracy"], xy, val, dict(batch_size=8, epochs=3), ("SwapEMAWeights", options))
    print("training/fit_callbacks", book.save())


if __name__ == "__main__":
    run(sys.argv[1])
