"""Model files of random networks, in the schema of tests/goldens/files: every optimizer, nested, shared and several outputs; safetensors as such.

    python scripts/goldens/random_files.py OUT [SEED] [COUNT]
    TANUKI_GOLDENS=OUT npm run test:goldens

Needs the packages named in tests/goldens/README.md. Nothing it writes is committed.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from random_values import OPTIMIZERS, Draw, attempt, optimizer_of  # noqa: E402  (adds tests/goldens/make to the path)
import random_training as nets  # noqa: E402
from common import *  # noqa: E402,F403
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
import files as make  # noqa: E402


def run(out, seed, count):
    book = Book(out, "files/random", "keras3_files", "random networks")
    order = [list(OPTIMIZERS)[i % len(OPTIMIZERS)] for i in range(count)]
    for i in range(count):
        d = Draw("files", seed, i)
        formats = ("keras", "weights_h5", "legacy_h5") if d.chance(0.5) else ("keras", "weights_h5")
        name = f"random{seed}_{i}"
        if d.chance(0.25):
            kinds = [nets.task(d) for _ in range(d.whole(2, 3))]
            named = d.one((False, True))
            build = lambda: nets.outputs_net(Draw("files", seed, i, "net"), kinds, named)
            reset()
            m = build()
            if named or isinstance(m.input, dict):
                continue
            inputs = [d.normal(3, *t.shape[1:]) for t in m.inputs]
            attempt("file", name, lambda: make.save_case(out, book, name, build, f"random{seed}", inputs, formats=formats))
            continue
        loss, metrics, classes, last, labels = nets.task(d)
        for k in range(20):
            build = lambda k=k: nets.some_net(Draw("files", seed, i, "net", k), classes, last)
            reset()
            try:
                shape = build().input_shape[1:]
                break
            except Exception:
                pass
        n = d.whole(2, 6)
        inputs = [d.normal(n, *shape)]
        train = None
        if d.chance(0.7):
            while True:
                cls, kw, schedule = optimizer_of(d, rates=(0.01, 0.03), schedules=d.chance(0.3))
                if cls == order[i] or schedule is not None:
                    break
            if schedule is not None:
                kw["learning_rate"] = getattr(keras.optimizers.schedules, schedule[0])(**schedule[1])
            objects = [nets.make.loss_obj(x) if isinstance(x, str) else getattr(keras.metrics, x[0])(**x[1]) for x in metrics if isinstance(x, str) or x[0] != "F1Score" and not isinstance(x[1].get("thresholds"), list)]
            train = (cls, kw, objects, d.normal(n, *shape), labels(n), d.whole(1, 4))
        freeze = d.chance(0.3)

        def frozen():
            m = build()
            if freeze:
                for layer in m.layers[: len(m.layers) // 2]:
                    layer.trainable = False
            return m
        attempt("file", f"{name} {train and train[:2]}", lambda: make.save_case(out, book, name, frozen, f"random{seed}", inputs, train=train, loss=nets.make.loss_obj(loss), formats=formats))
        print(name, flush=True)
    print("files", book.save(), flush=True)


if __name__ == "__main__":
    tf.config.run_functions_eagerly(True)
    import warnings
    warnings.simplefilter("ignore")
    run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1", int(sys.argv[3]) if len(sys.argv) > 3 else 60)
