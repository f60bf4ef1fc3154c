"""Random tf.data pipelines with their elements, for tests/data/random-pipelines.test.ts.

python random_pipelines.py OUT.json COUNT SEED  (needs tensorflow-cpu)
A pipeline is a list of steps [name, arguments...]; the first makes the dataset. Elements are cut after 60.
"""
import json
import random
import sys

import tensorflow as tf

D = tf.data.Dataset
LIMIT = 60
# Over an endless dataset they may look for an element for ever.
ENDLESS = ("unique", "filter", "takeWhile", "flatMap", "interleave", "unbatch", "rebatch", "window", "cache")


def first(element):
    return tf.nest.flatten(element)[0]


def total(element):
    return tf.reduce_sum(tf.cast(first(element), tf.int32))


def whole(parts):
    """The element that a function was called with: a tuple is spread over its parameters."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def on(function):
    return lambda *parts: function(whole(parts))


MAPS = {
    "double": lambda e: tf.nest.map_structure(lambda t: t * 2 + 1, e),
    "pair": lambda e: (e, tf.nest.map_structure(lambda t: t + 10, e)),
    "record": lambda e: {"a": e, "b": first(e) * 3},
    "first": first,
    "total": total,
    "vector": lambda e: tf.fill([total(e) % 4], total(e)),
    "twice": lambda e: tf.stack([total(e), total(e) + 1]),
}
FILTERS = {
    "thirds": lambda e: total(e) % 3 != 0,
    "small": lambda e: total(e) < 12,
    "never": lambda e: total(e) < -1000,
}
OPENS = {
    "twice": lambda e: D.from_tensors(e).repeat(2),
    "some": lambda e: D.from_tensors(e).repeat(tf.cast(total(e) % 3, tf.int64)),
    "slices": lambda e: D.from_tensor_slices(e),
}


def windowed(window):
    parts = tf.nest.flatten(window)
    return parts[0].batch(100) if len(parts) == 1 else D.zip(tuple(p.batch(100) for p in parts))


def apply(dataset, step):
    name, *a = step
    if name == "range":
        return D.range(*a, output_type=tf.int32)
    if name == "slices":
        return D.from_tensor_slices(tf.reshape(tf.range(a[0] * a[1], dtype=tf.int32), [a[0], a[1]]))
    if name == "map":
        return dataset.map(on(MAPS[a[0]]), num_parallel_calls=a[1])
    if name == "filter":
        return dataset.filter(on(FILTERS[a[0]]))
    if name == "takeWhile":
        return dataset.take_while(on(FILTERS[a[0]]))
    if name == "flatMap":
        return dataset.flat_map(on(OPENS[a[0]]))
    if name == "interleave":
        return dataset.interleave(on(OPENS[a[0]]), cycle_length=a[1], block_length=a[2])
    if name == "batch":
        return dataset.batch(a[0], drop_remainder=a[1])
    if name == "paddedBatch":
        return dataset.padded_batch(a[0], drop_remainder=a[1])
    if name == "rebatch":
        return dataset.rebatch(a[0], drop_remainder=a[1])
    if name == "unbatch":
        return dataset.unbatch()
    if name == "window":
        size, shift, stride, drop = a
        return dataset.window(size, shift, stride, drop).flat_map(on(windowed))
    if name == "zip":
        return D.zip((dataset, D.range(a[0], output_type=tf.int32)))
    if name == "self":
        return dataset.concatenate(dataset.take(a[0]))
    if name == "scan":
        return dataset.scan(0, lambda s, *parts: (s + total(whole(parts)), s + total(whole(parts)) * 2))
    if name == "enumerate":
        return dataset.enumerate(a[0]).map(lambda i, e: (tf.cast(i, tf.int32), e))
    if name in ("cache", "unique"):
        return getattr(dataset, name)()
    return getattr(dataset, name)(*a)


def random_step(rng, dataset):
    """A step that the structure of the elements allows."""
    spec = dataset.element_spec
    leaves = tf.nest.flatten(spec)
    ranks = [leaf.shape.rank for leaf in leaves]
    batched = all(rank is not None and rank >= 1 for rank in ranks)
    plain = all(rank == 0 for rank in ranks)
    flag = rng.random() < 0.4
    few = rng.choice([0, 1, 2, 3, 5, 9])
    size = rng.choice([1, 2, 3, 4, 7])
    choices = [
        ["take", rng.choice([few, few, -1])], ["skip", rng.choice([few, 1, 2, -1])], ["repeat", rng.choice([0, 1, 2, 3, 2, 3])],
        ["repeat"], ["shard", size, rng.randrange(size)], ["batch", size, flag], ["batch", size, flag], ["map", "double", rng.choice([None, 3])],
        ["filter", rng.choice(list(FILTERS))], ["takeWhile", rng.choice(list(FILTERS))], ["flatMap", rng.choice(["twice", "some"])],
        ["interleave", rng.choice(["twice", "some"]), size, rng.choice([1, 2, 3])], ["zip", few + 1], ["self", few], ["scan"],
        ["enumerate", few], ["cache"], ["prefetch", few], ["map", rng.choice(["first", "total", "vector", "twice"]), None],
    ]
    if len(leaves) < 4:
        choices += [["map", rng.choice(["pair", "record"]), None]] * 2
    if batched:
        choices += [["unbatch"]] * 4 + [["rebatch", size, flag]] * 2 + [["flatMap", "slices"], ["interleave", "slices", size, rng.choice([1, 2])]] * 2
        choices += [["paddedBatch", size, flag]] * 3
    if plain and len(leaves) == 1 and isinstance(spec, tf.TensorSpec):
        choices += [["unique"]] * 2
    if isinstance(spec, tf.TensorSpec) or (isinstance(spec, tuple) and all(isinstance(s, tf.TensorSpec) for s in spec)):
        choices += [["window", size, rng.choice([None, 1, 2, 5]), rng.choice([1, 1, 2]), flag]] * 2
    return rng.choice(choices)


def values(element):
    return tf.nest.map_structure(lambda t: t.numpy().tolist(), element)


def main(out, count, seed):
    cases = []
    for number in range(count):
        rng = random.Random(seed * 100003 + number)
        source = ["slices", rng.choice([1, 4, 5]), rng.choice([1, 3])] if rng.random() < 0.2 else rng.choice(
            [["range", rng.choice([0, 1, 5, 8, 13])], ["range", 2, 11, 3], ["range", 9, -4, -2], ["range", 5, 2]])
        steps, dataset = [source], apply(None, source)
        for _ in range(rng.randint(1, 6)):
            step = random_step(rng, dataset)
            try:
                dataset = apply(dataset, step)
            except (ValueError, TypeError, tf.errors.OpError):
                continue  # shapes that are known not to fit; how that is said is no matter here
            steps.append(step)
        case = {"steps": steps, "cardinality": int(dataset.cardinality())}
        if ["repeat"] in steps and any(s[0] in ENDLESS or s == ["skip", -1] for s in steps):
            continue  # may never give an element
        try:
            case["elements"] = [values(e) for e in dataset.take(LIMIT)]
        except tf.errors.OpError as error:
            case["error"] = type(error).__name__
        cases.append(case)
    with open(out, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
    print(len(cases), sum("error" in c for c in cases))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
