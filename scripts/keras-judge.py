"""Loads what Tanuki wrote with real Keras and, where it is installed, tf_keras, and compares predictions.

Called by keras-judge.mjs; prints one JSON line a file.
"""
import importlib.util
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np

folder = sys.argv[1]
tasks = json.load(open(os.path.join(folder, "tasks.json")))
has_tf_keras = importlib.util.find_spec("tf_keras") is not None


def tensors(spec):
    return [np.array(t["data"], t["dtype"]).reshape(t["shape"]) for t in spec]


def outputs(model, inputs):
    y = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.array(v) for v in (y if isinstance(y, (list, tuple)) else [y])]


def difference(found, expected):
    if not all(np.isfinite(a).all() for a in found):
        raise ValueError("outputs that are not finite")
    return max(float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)))) if a.size else 0.0 for a, b in zip(found, expected, strict=True))


def judge(library, task):
    if library == "keras":
        import keras as K
    else:
        import tf_keras as K
    path, expected = os.path.join(folder, task["file"]), tensors(task["outputs"])
    load = K.models.load_model
    if task["kind"] == "weights":
        model = load(os.path.join(folder, task["model"]), compile=False)
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        model.load_weights(path)
    else:
        model = load(path, **({} if task["compiled"] else {"compile": False}))
    result = {"difference": difference(outputs(model, tensors(task["inputs"])), expected)}
    if task.get("next"):
        x, y = tensors(task["next"]["x"])[0], tensors(task["next"]["y"])[0]
        logs = model.train_on_batch(x, y, return_dict=True)
        result["next"] = max(abs(float(logs[k]) - v) / max(1, abs(v)) for k, v in task["next"]["logs"].items())
        after = tensors(task["next"]["weights"])
        result["weights"] = difference([np.array(w) for w in model.get_weights()], after)
    return result


for task in tasks:
    for library in task["libraries"]:
        if library == "tf_keras" and not has_tf_keras:
            continue
        try:
            result = judge(library, task)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the verdict
            result = {"error": f"{type(error).__name__}: {str(error)[:400]}"}
        print(json.dumps({"file": task["file"], "library": library, **result}), flush=True)


def write(library, name, build, path):
    """The other direction: a model of this library, saved here and read by Tanuki."""
    model = build()
    rng = np.random.default_rng(3)

    def values(w):
        if w.name.split("/")[-1].split(":")[0] in ("gamma", "moving_variance"):
            return rng.uniform(0.8, 1.2, w.shape)
        return rng.normal(0, np.sqrt(1.5 / max(1, np.prod(w.shape[:-1]))), w.shape)

    model.set_weights([values(w).astype("float32") for w in model.weights])
    x = rng.normal(0, 1, (2, *model.inputs[0].shape[1:])).astype(np.float32)
    model.save(os.path.join(folder, path))
    pack = lambda a: {"data": np.asarray(a, np.float64).ravel().tolist(), "shape": list(a.shape)}  # noqa: E731
    print(json.dumps({"library": library, "written": path, "inputs": [pack(x)], "outputs": [pack(y) for y in outputs(model, [x])]}), flush=True)


import keras  # noqa: E402

small = dict(weights=None, classes=10)
write("keras", "xception", lambda: keras.applications.Xception(input_shape=(71, 71, 3), **small), "keras-xception.keras")
write("keras", "xception", lambda: keras.applications.Xception(input_shape=(71, 71, 3), **small), "keras-xception.h5")
if has_tf_keras:
    import tf_keras

    write("tf_keras", "xception", lambda: tf_keras.applications.Xception(input_shape=(71, 71, 3), **small), "tf_keras-xception.h5")
    write("tf_keras", "mobilenet_v2", lambda: tf_keras.applications.MobileNetV2(input_shape=(32, 32, 3), **small), "tf_keras-mobilenet-v2.h5")
