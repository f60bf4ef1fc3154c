"""A graph-model and a layers-model as the converter of TensorFlow.js writes them from Keras 2 models, and what Keras makes of an input.

    python scripts/goldens/tfjs_graph.py tests/models/files/tfjs        (tensorflow 2.21, tf_keras 2.21)

The weights are the constants of the frozen graph under their names there: float32 in one file, float16 and uint8 in two others.
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
import tf_keras
from tensorflow.python.framework import tensor_util
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

L = tf_keras.layers


def entry(name, a, quantization=None):
    """The manifest's line and the bytes of one constant."""
    a = a.astype(np.float32) if a.dtype.kind == "f" else a.astype(np.int32)
    line = {"name": name, "shape": list(a.shape), "dtype": str(a.dtype)}
    if quantization == "float16":
        return {**line, "quantization": {"dtype": "float16", "original_dtype": "float32"}}, a.astype("<f2").tobytes()
    if quantization == "uint8":
        scale, low = float((a.max() - a.min()) / 255), float(a.min())
        q = np.round((a - low) / scale).astype(np.uint8)
        return {**line, "quantization": {"dtype": "uint8", "scale": scale, "min": low, "original_dtype": "float32"}}, q.tobytes()
    return line, a.tobytes()


def write(folder, graph, quantizations):
    os.makedirs(folder, exist_ok=True)
    constants = [(n.name, tensor_util.MakeNdarray(n.attr["value"].tensor)) for n in graph.node if n.op == "Const"]
    groups = {}
    for i, (name, a) in enumerate(constants):
        kind = quantizations[i % len(quantizations)] if a.size > 1 and a.dtype.kind == "f" else None
        line, data = entry(name, a, kind)
        group = groups.setdefault(kind, ([], bytearray()))
        group[0].append(line)
        group[1].extend(data)
    manifest = []
    for i, (lines, data) in enumerate(groups.values()):
        # Two files a group, cut in the middle of a number.
        paths = [f"group{i + 1}-shard{k}of2.bin" for k in (1, 2)]
        cut = len(data) // 2 - 1
        for path, part in zip(paths, (data[:cut], data[cut:])):
            with open(os.path.join(folder, path), "wb") as f:
                f.write(part)
        manifest.append({"paths": paths, "weights": lines})
    topology = {"node": [{"name": n.name, "op": n.op, "input": list(n.input)} for n in graph.node], "versions": {"producer": 2000}}
    with open(os.path.join(folder, "model.json"), "w") as f:
        json.dump({"format": "graph-model", "generatedBy": tf.__version__, "convertedBy": "scripts/goldens/tfjs_graph.py", "modelTopology": topology, "weightsManifest": manifest}, f)
        f.write("\n")


tf_keras.utils.set_random_seed(3)
model = tf_keras.Sequential([
    L.Input((8, 8, 3)), L.Conv2D(4, 3, activation="relu", name="c1"), L.BatchNormalization(name="bn"), L.DepthwiseConv2D(3, name="dw"),
    L.SeparableConv2D(4, 2, name="sep"), L.Flatten(name="flat"), L.Dense(5, name="d"),
], name="net")
r = np.random.default_rng(5)
model.set_weights([(r.uniform(0.5, 1.5, w.shape) if "variance" in v.name else r.normal(0, 0.4, w.shape)).astype(np.float32) for v, w in zip(model.weights, model.get_weights())])
x = r.normal(0, 1, (2, 8, 8, 3)).astype(np.float32)
concrete = tf.function(lambda v: model(v, training=False)).get_concrete_function(tf.TensorSpec([None, 8, 8, 3]))
graph = convert_variables_to_constants_v2(concrete).graph.as_graph_def()
for name, kinds in (("graph", [None]), ("graph-quantized", [None, "float16", "uint8"])):
    folder = os.path.join(sys.argv[1], name)
    write(folder, graph, kinds)
    y = model(x, training=False).numpy()
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump({"input": {"shape": x.shape, "values": x.ravel().tolist()}, "output": {"shape": y.shape, "values": y.ravel().tolist()}}, f)
        f.write("\n")

# A layers-model with a model inside, as `tensorflowjs_converter --input_format keras` has it: names without `:0`.
base = tf_keras.Sequential([L.Input((6, 6, 3)), L.Conv2D(3, 3, padding="same", name="inner"), L.BatchNormalization(name="inner_bn"), L.ReLU(6.0)], name="base")
inputs = tf_keras.Input((6, 6, 3))
y = L.Rescaling(1 / 2, offset=-0.25)(inputs)
y = L.Add()([base(y, training=False), L.DepthwiseConv2D(3, padding="same", name="deep")(y)])
outputs = L.Dense(2, activation="softmax", name="head")(L.GlobalAveragePooling2D()(y))
model = tf_keras.Model(inputs, outputs, name="converted")
model.compile(tf_keras.optimizers.legacy.SGD(0.05, momentum=0.9), "categorical_crossentropy", metrics=["accuracy"])
model.set_weights([(r.uniform(0.5, 1.5, w.shape) if "variance" in v.name else r.normal(0, 0.4, w.shape)).astype(np.float32) for v, w in zip(model.weights, model.get_weights())])
folder = os.path.join(sys.argv[1], "converted")
os.makedirs(folder, exist_ok=True)
lines, data = zip(*[entry(v.name.split(":")[0], v.numpy()) for v in model.weights])
with open(os.path.join(folder, "group1-shard1of1.bin"), "wb") as f:
    f.write(b"".join(data))
from tf_keras.src.saving.legacy import saving_utils  # noqa: E402

topology = json.loads(json.dumps(saving_utils.model_metadata(model, include_optimizer=True), default=str))
with open(os.path.join(folder, "model.json"), "w") as f:
    json.dump({"format": "layers-model", "generatedBy": "keras v" + tf_keras.__version__, "convertedBy": "scripts/goldens/tfjs_graph.py", "modelTopology": topology, "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": list(lines)}]}, f)
    f.write("\n")
x = r.normal(0, 1, (2, 6, 6, 3)).astype(np.float32)
y = model(x, training=False).numpy()
with open(os.path.join(folder, "expected.json"), "w") as f:
    json.dump({"input": {"shape": x.shape, "values": x.ravel().tolist()}, "output": {"shape": y.shape, "values": y.ravel().tolist()}}, f)
    f.write("\n")
