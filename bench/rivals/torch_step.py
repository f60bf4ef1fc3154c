"""PyTorch, eager: the fine-tuning step. Argument: the task as JSON; see bench/rivals/turns.py for what it says."""

import time

import turns

task = turns.options()
try:
    import numpy
    import torch
    import torch.nn.functional as F
except ImportError as error:
    turns.missing(error)

torch.set_num_threads(task["threads"])
batch = task["batch"]
network, weight, pictures, labels = turns.read_shared(task["folder"], batch, numpy)
units = network["units"]
layout = torch.channels_last if task["variant"] == "channels_last" else torch.contiguous_format


class Network(torch.nn.Module):
    """Runs the list of operations that bench/network.mjs writes; weights are in PyTorch's order."""

    def __init__(self):
        super().__init__()
        self.weights = torch.nn.ParameterDict()
        for operation in network["operations"]:
            if operation["kind"] == "conv":
                self.add(operation["kernel"], self.filters(operation))
                if "bias" in operation:
                    self.add(operation["bias"], weight(operation["bias"]))
            elif operation["kind"] == "batchNorm":
                for part, name in operation["parameters"].items():
                    if name is not None:
                        self.add(name, weight(name), trainable=part in ("gamma", "beta"))
        self.add("head/kernel", weight("head/kernel").T)
        self.add("head/bias", weight("head/bias"))

    def add(self, name, values, trainable=True):
        values = torch.from_numpy(numpy.ascontiguousarray(values))
        if values.dim() == 4:
            values = values.contiguous(memory_format=layout)
        self.weights[name.replace(".", "_")] = torch.nn.Parameter(values, requires_grad=trainable)

    def get(self, name):
        return None if name is None else self.weights[name.replace(".", "_")]

    @staticmethod
    def filters(operation):
        """[height, width, in, out] to [out, in, height, width]; of each group [in * multiplier, 1, height, width]."""
        values = weight(operation["kernel"])
        if operation["groups"] == 1:
            return values.transpose(3, 2, 0, 1)
        height, width, channels, multiplier = values.shape
        return values.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)

    def apply_one(self, operation, inputs):
        kind, x = operation["kind"], inputs[0]
        if kind == "conv":
            x, pads = self.pad(x, operation["pads"], 0.0)
            bias = self.get(operation.get("bias"))
            strides, dilations, groups = (operation[key] for key in ("strides", "dilations", "groups"))
            return F.conv2d(x, self.get(operation["kernel"]), bias, strides, pads, dilations, groups)
        if kind == "batchNorm":
            gamma, beta, mean, variance = (
                self.get(operation["parameters"][key]) for key in ("gamma", "beta", "mean", "variance")
            )
            return F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, operation["epsilon"])
        if kind == "relu":
            if operation["max"] is None:
                return F.relu(x, inplace=False)
            return F.hardtanh(x, 0.0, operation["max"])
        if kind == "add":
            return sum(inputs[1:], x)
        if kind == "maxPool":
            x, pads = self.pad(x, operation["pads"], float("-inf"))
            return F.max_pool2d(x, operation["size"], operation["strides"], pads)
        if kind == "globalAveragePool":
            return x.mean((2, 3))
        raise ValueError(f"no rule for {kind}")

    @staticmethod
    def pad(x, pads, value):
        """Equal sides are left to the operation itself."""
        top, left, bottom, right = pads
        if top == bottom and left == right:
            return x, (top, left)
        return F.pad(x, (left, right, top, bottom), value=value), (0, 0)

    def forward(self, x):
        results = {network["input"]: x}
        last_use = {name: at for at, op in enumerate(network["operations"]) for name in op["inputs"]}
        for at, operation in enumerate(network["operations"]):
            inputs = [results[name] for name in operation["inputs"]]
            results[operation["name"]] = self.apply_one(operation, inputs)
            for name in set(operation["inputs"]):
                if last_use[name] == at:
                    del results[name]
        return F.linear(results[network["output"]], self.get("head/kernel"), self.get("head/bias"))


model = Network()
trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.Adam(trainable, lr=1e-5, eps=1e-7)
x = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(memory_format=layout)
y = torch.from_numpy(labels).float().reshape(batch, 1) if units == 1 else torch.from_numpy(labels).long()
loss_of = F.binary_cross_entropy_with_logits if units == 1 else F.cross_entropy


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


start = time.perf_counter()
first = step()
facts = {
    "firstStepMs": (time.perf_counter() - start) * 1e3,
    "firstStepPeakMB": turns.peak_memory_mb(),
    "losses": [first],
    "versions": {"torch": torch.__version__},
}
turns.take_turns(step, task, facts)
