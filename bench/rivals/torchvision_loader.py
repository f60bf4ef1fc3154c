"""torchvision behind a DataLoader with 2 workers: files to batches of float32 pictures. Argument: the task as JSON."""

import turns

task = turns.options()
try:
    import torch
    import torchvision
    from torchvision import datasets
    from torchvision.io import ImageReadMode, decode_image
    from torchvision.transforms import v2
except ImportError as error:
    turns.missing(error)

size = [task["size"], task["size"]]
if task["variant"] == "io":
    # Tensors from the start, resized as bytes.
    options = {
        "loader": lambda path: decode_image(path, ImageReadMode.RGB),
        "transform": v2.Resize(size, antialias=True),
    }
else:
    options = {"transform": v2.Compose([v2.Resize(size), v2.PILToTensor()])}
folder = datasets.ImageFolder(task["folder"], **options)
pictures = len(folder) * task["repeats"]
repeated = torch.utils.data.ConcatDataset([folder] * task["repeats"])
loader = torch.utils.data.DataLoader(
    repeated, batch_size=task["batch"], num_workers=2, persistent_workers=True, prefetch_factor=4
)


def run():
    count = 0
    for images, _ in loader:
        count += images.float().shape[0]
    if count != pictures:
        raise ValueError(f"{count} pictures instead of {pictures}")
    return count


images, _ = next(iter(torch.utils.data.DataLoader(folder, batch_size=task["batch"])))
facts = {
    "output": images.double().mean((1, 2, 3)).tolist(),
    "pictures": pictures,
    "losses": [],
    "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__},
}
turns.take_turns(run, task, facts)
