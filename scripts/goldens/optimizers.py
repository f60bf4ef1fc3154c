"""Golden trajectories of ScheduleFreeAdamW and Muon, which the shipped set leaves out: python scripts/goldens/optimizers.py tests/goldens."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "goldens", "make"))
import inspect

from common import Book
from keras import ops
from keras.src.optimizers import schedule_free_adamw
from optimizers import run_optimizer

KEY = "further"


def cases():
    free = lambda **options: dict(learning_rate=0.05, **options)
    yield "schedule_free", "ScheduleFreeAdamW", free(), {}
    yield "schedule_free_default", "ScheduleFreeAdamW", {}, {}
    yield "schedule_free_warmup", "ScheduleFreeAdamW", free(warmup_steps=4, beta_1=0.8, beta_2=0.95, epsilon=1e-4), {}
    yield "schedule_free_weight_decay", "ScheduleFreeAdamW", free(weight_decay=0.1, clipnorm=0.5), dict(exclude=["bias"])
    yield "schedule_free_accumulate", "ScheduleFreeAdamW", free(gradient_accumulation_steps=3, use_ema=True, ema_momentum=0.9), {}
    yield "schedule_free_none_gradient", "ScheduleFreeAdamW", free(), dict(none_grad=[1])
    yield "muon", "Muon", free(), {}
    yield "muon_options", "Muon", free(nesterov=False, momentum=0.8, ns_steps=3, weight_decay=0.1), {}


def unaliased():
    """On TensorFlow `momentum.value` is the variable itself, so that Keras 3.15.1's "old" momentum is the new one. With JAX, and by
    the paper's formula, it is the old one: so it is here."""
    cls = schedule_free_adamw.ScheduleFreeAdamW
    source = inspect.cleandoc("\n" + inspect.getsource(cls.update_step))
    alias = "momentum_old = momentum.value"
    assert alias in source
    scope = {"ops": ops}
    exec(source.replace(alias, "momentum_old = ops.copy(momentum)"), scope)
    cls.update_step = scope["update_step"]


def run(out):
    unaliased()
    book = Book(out, "optimizers/further", "optimizers", "trajectories under given gradients, as optimizers.json")
    for name, class_name, options, further in cases():
        run_optimizer(book, name, class_name, options, KEY, **further)
    print("optimizers/further", book.save())


if __name__ == "__main__":
    run(sys.argv[1])
