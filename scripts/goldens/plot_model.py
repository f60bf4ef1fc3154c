"""Golden graphs of keras.utils.model_to_dot: python scripts/goldens/plot_model.py tests/goldens (needs pydot)."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "goldens", "make"))
from common import Book, reset
import keras
from keras import layers as L
from training import make_base, make_transfer, model_spec, res_net


def texts_of(label):
    """The texts of a box: title, activation, then what stands side by side."""
    return [re.sub("<[^>]*>", "", cell) for cell in re.findall("<td[^>]*>(.*?)</td>", label)]


def contents(dot):
    """Nodes with the clusters around them, and edges by number of node."""
    nodes, numbers, edges = [], {}, []

    def collect(graph, path):
        for node in graph.get_node_list():
            if node.get_name() == "node":
                continue
            numbers[node.get_name().strip('"')] = len(nodes)
            nodes.append({"clusters": path, "texts": texts_of(node.get("label"))})
        for cluster in graph.get_subgraph_list():
            collect(cluster, path + [cluster.get("label")])

    def connect(graph):
        for edge in graph.get_edge_list():
            edges.append([numbers[str(end).strip('"')] for end in (edge.get_source(), edge.get_destination())])
        for cluster in graph.get_subgraph_list():
            connect(cluster)

    collect(dot, [])
    connect(dot)
    return nodes, sorted(edges)


def two_ends():
    a, b = keras.Input((4,), name="first"), keras.Input((3,), name="second", dtype="int32")
    shared = L.Dense(3, activation="relu", name="shared")
    x = L.Concatenate(name="cat")([shared(a), keras.ops.mean(L.Embedding(5, 2, name="embedding")(b), axis=1)])
    y = L.BatchNormalization(name="bn")(x)
    return keras.Model({"first": a, "second": b}, {"score": L.Dense(1, activation="sigmoid", name="score")(y), "kind": L.Dense(4, name="kind")(y)}, name="two_ends")


def deep():
    stack = keras.Sequential([keras.Input((6,)), L.Dense(4, activation="tanh", name="d1"), L.Dropout(0.5, name="drop")], name="stack")
    i = keras.Input((6,), name="middle_in")
    middle = keras.Model(i, L.Dense(2, name="d2")(stack(i)), name="middle")
    j = keras.Input((6,), name="outer_in")
    both = keras.Model(j, L.Add(name="add")([middle(j), L.Dense(2, name="d3")(j)]), name="deep")
    return both


def twice():
    inner_in = keras.Input((3,), name="inner_in")
    inner = keras.Model(inner_in, [L.Dense(2, name="p")(inner_in), L.Dense(2, name="q")(inner_in)], name="inner")
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    p, q = inner(a)
    r, _ = inner(b)
    return keras.Model([a, b], L.Add(name="sum")([p, q, r]), name="twice")


def sequential():
    return keras.Sequential([keras.Input((8, 8, 3)), L.Rescaling(2.0, name="rescale"), L.Conv2D(4, 3, activation="swish", name="conv"), L.Flatten(name="flat"), L.Dense(2, activation="softmax", name="probs")], name="stack")


def frozen_transfer():
    base = make_base()
    model = make_transfer(base)
    base.trainable = False
    return model


def run(out):
    book = Book(out, "report/plot_model", "plot_model", "keras.utils.model_to_dot: labels of the boxes, clusters around them, edges by number of box")
    everything = dict(show_shapes=True, show_dtype=True, show_layer_names=True, show_layer_activations=True, show_trainable=True)
    for name, build in (("sequential", sequential), ("res_net", res_net), ("transfer", frozen_transfer), ("two_ends", two_ends), ("deep", deep), ("twice", twice)):
        plots = []
        for options in ({}, dict(show_layer_names=False), everything, dict(expand_nested=True), dict(everything, expand_nested=True)):
            reset()
            model = build()
            nodes, edges = contents(keras.utils.model_to_dot(model, **options))
            plots.append({"options": options, "nodes": nodes, "edges": edges})
        book.add({"name": name, "model": model_spec(model), "plots": plots})
    print("report/plot_model", book.save())


if __name__ == "__main__":
    run(sys.argv[1])
