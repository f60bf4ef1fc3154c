"""A rival's side of taking turns: the protocol of bench/workers/turns.mjs, in Python."""

import json
import os
import statistics
import sys
import time


def tell(value):
    print(json.dumps(value), flush=True)


def options():
    """The task, from the first argument; thread counts must be in the environment before any library is loaded."""
    task = json.loads(sys.argv[1])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(task["threads"])
    return task


def missing(error):
    tell({"missing": str(error).split("\n")[0]})
    sys.exit(0)


def peak_memory_mb():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return None


def timed(run):
    start = time.perf_counter()
    result = run()
    return (time.perf_counter() - start) * 1e3, result


def take_turns(run, task, facts):
    """Runs `run`, which returns the loss, whenever a line `turn` comes in; one turn lasts about task["turnMs"]."""
    warm = [timed(run) for _ in range(task["warmUp"])]
    facts["losses"] = facts["losses"] + [loss for _, loss in warm]
    tell({"ready": True, **facts})
    runs = max(1, min(50, round(task["turnMs"] / warm[-1][0])))
    every = []
    for line in sys.stdin:
        if line.strip() != "turn":
            break
        if runs > 1:
            run()
        ms = [timed(run)[0] for _ in range(runs)]
        every += ms
        tell({"ms": ms})
    if not every:
        sys.exit("no turn was taken")
    tell({"medianMs": statistics.median(every), "peakMemoryMB": peak_memory_mb()})


def read_shared(folder, batch, numpy):
    """Network, a function that gives a weight by name, pictures [batch, size, size, 3] and labels [batch]."""
    with open(os.path.join(folder, "network.json")) as file:
        network = json.load(file)

    def weight(name):
        entry = network["weights"][name]
        count = int(numpy.prod(entry["shape"]))
        path = os.path.join(folder, "weights.bin")
        return numpy.fromfile(path, "<f4", count, offset=entry["offset"]).reshape(entry["shape"])

    size = network["size"]
    pictures = numpy.fromfile(os.path.join(folder, "pictures.bin"), "<f4", batch * size * size * 3)
    labels = numpy.fromfile(os.path.join(folder, "labels.bin"), "<i4", batch)
    return network, weight, pictures.reshape(batch, size, size, 3), labels
