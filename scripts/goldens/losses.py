"""Golden values of the losses that the shipped set has none of: python scripts/goldens/losses.py tests/goldens (keras 3.15, tensorflow)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "goldens", "make"))
import numpy as np
from common import Book, normal, rng_for
from losses import run_loss

KEY = "further"


def unit_rows(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def weights(tag, batch):
    return {"w": np.abs(normal(rng_for(KEY, "w", tag), (batch,))), "w_col": np.abs(normal(rng_for(KEY, "wc", tag), (batch, 1)))}


def cases():
    random = lambda tag: rng_for(KEY, tag)
    labels = np.array([0, 1, 0, 2, 1, 0, 3], np.int32)
    embeddings = unit_rows(normal(random("embeddings"), (7, 5)))
    for name, options in (("default", {}), ("options", dict(gamma=20.0, margin=0.25)), ("with_diagonal", dict(gamma=5.0, remove_diagonal=False))):
        yield "circle_" + name, "Circle", options, labels, embeddings, weights(name, 7), "class 3 has no second sample: it does not count"
    yield "circle_labels_column", "Circle", {}, labels[:, None], embeddings, weights("column", 7), ""
    yield "circle_one_class", "Circle", {}, np.zeros(4, np.int32), unit_rows(normal(random("one"), (4, 3))), None, "no negative pairs"
    scores = np.exp(normal(random("scores"), (6, 4)))
    probabilities = (scores / scores.sum(-1, keepdims=True)).astype(np.float32)
    classes = random("classes").integers(0, 4, 6).astype(np.int32)
    for q in (0.5, 0.1, 0.9):
        yield f"generalized_{q}", "CategoricalGeneralizedCrossEntropy", dict(q=q), classes, probabilities, weights(f"q{q}", 6), ""
    sequences = np.array([[1, 2, 3, 0], [1, 1, 0, 0], [4, 0, 0, 0], [2, 2, 2, 1]], np.int32)
    logits = normal(random("logits"), (4, 9, 5), 2)
    yield "ctc", "CTC", {}, sequences, logits, weights("ctc", 4), "labels of 4, 2, 1 and 4 signs; equal neighbours need a blank between them"
    yield "ctc_tight", "CTC", {}, sequences[:2, :3], normal(random("tight"), (2, 3, 5)), None, "no step to spare"
    yield "ctc_sharp", "CTC", {}, sequences[:3], normal(random("sharp"), (3, 6, 5), 30), None, "logits of 60 and more"


def run(out):
    book = Book(out, "losses/further", "losses", "Circle, generalized crossentropy and CTC; results per reduction and sample weight, gradient of sum(value) with respect to y_pred")
    for name, class_name, options, y_true, y_pred, sample_weights, notes in cases():
        run_loss(book, name, class_name, options, y_true, y_pred, sample_weights, notes=notes)
    print("losses/further", book.save())


if __name__ == "__main__":
    run(sys.argv[1])
