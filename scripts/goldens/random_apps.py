"""Applications with other options, in the schema of tests/goldens/applications.

    python scripts/goldens/random_apps.py OUT [SEED] [COUNT]
    TANUKI_GOLDENS=OUT npm run test:goldens -- applications

Needs the packages named in tests/goldens/README.md. Nothing it writes is committed.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from random_values import Draw, attempt  # noqa: E402  (adds tests/goldens/make to the path)
from common import *  # noqa: E402,F403
import apps as make  # noqa: E402

# name: smallest side, whether large (built less often), options of its own
FAMILIES = {
    "Xception": (71, {}), "MobileNet": (32, dict(alpha=(0.25, 0.5, 0.75, 1.0, 1.3), depth_multiplier=(1, 2), dropout=(0.2,))), "MobileNetV2": (32, dict(alpha=(0.35, 0.5, 0.75, 1.0, 1.3, 1.4))),
    "MobileNetV3Small": (32, dict(alpha=(0.75, 1.0), minimalistic=(True, False), include_preprocessing=(True, False), dropout_rate=(0.4,))),
    "MobileNetV3Large": (32, dict(alpha=(0.75, 1.0), minimalistic=(True, False), include_preprocessing=(True, False))),
    "EfficientNetB0": (32, {}), "EfficientNetB1": (32, {}), "EfficientNetB2": (32, {}), "EfficientNetB3": (32, {}), "EfficientNetB4": (32, {}),
    "EfficientNetV2B0": (32, dict(include_preprocessing=(True, False))), "EfficientNetV2B1": (32, dict(include_preprocessing=(True, False))), "EfficientNetV2B2": (32, dict(include_preprocessing=(True, False))),
    "EfficientNetV2B3": (32, dict(include_preprocessing=(True, False))), "EfficientNetV2S": (32, dict(include_preprocessing=(True, False))),
    "ResNet50": (32, {}), "ResNet101": (32, {}), "ResNet50V2": (32, {}), "ResNet101V2": (32, {}), "DenseNet121": (32, {}), "DenseNet169": (32, {}), "VGG16": (32, {}), "VGG19": (32, {}),
    "InceptionV3": (75, {}), "InceptionResNetV2": (75, {}), "NASNetMobile": (32, {}), "ConvNeXtTiny": (32, dict(include_preprocessing=(True, False))), "ConvNeXtSmall": (32, dict(include_preprocessing=(True, False))),
}
LARGE = {"EfficientNetB5": (32, {}), "EfficientNetB6": (32, {}), "EfficientNetB7": (32, {}), "EfficientNetV2M": (32, {}), "EfficientNetV2L": (32, {}), "ResNet152": (32, {}), "ResNet152V2": (32, {}), "DenseNet201": (32, {}), "NASNetLarge": (32, {}),
         "ConvNeXtBase": (32, {})}


def arguments(d, name, own, least):
    args = d.some(**own)
    top = d.chance(0.4)
    side = lambda: least + d.one((0, 1, 5, 18, 32))
    if name.startswith("NASNet") and top:
        args["input_shape"] = [side(), side(), 3]
        args["weights"] = None
    elif top:
        args["input_shape"] = [side(), side(), d.one((3, 3, 1, 4))]
    else:
        args["include_top"] = False
        if d.chance(0.85):
            args["input_shape"] = [side(), side(), d.one((3, 3, 3, 1))]
        args.update(d.some(pooling=("avg", "max", None)))
    if top:
        args.update(d.some(classes=(2, 11, 1000), classifier_activation=(None, "sigmoid", "softmax")))
    if d.chance(0.2):
        args["name"] = "backbone"
    args.pop("weights", None)
    return args


def run(out, seed, count):
    table, numbers = [], []
    for i in range(count):
        d = Draw("apps", seed, i)
        families = LARGE if d.chance(0.1) else FAMILIES
        name = d.one(tuple(families))
        least, own = families[name]
        args = arguments(d, name, own, least)
        try:
            make.build(name, args)
        except Exception as error:
            print(f"left out {name} {args}: {str(error).splitlines()[0][:150]}")
            continue
        table.append((f"random_{i}_{name.lower()}", name, args))
        shape = args.get("input_shape")
        if shape is not None and families is FAMILIES and len(numbers) < count // 2:
            pixels = name.startswith(("EfficientNet", "MobileNetV3", "ConvNeXt")) and args.get("include_preprocessing", True)
            gain = 1.6 if name.startswith(("EfficientNetB", "MobileNetV3S")) else 1.4 if name.startswith(("EfficientNet", "MobileNet", "Inception")) else 1.0 if name == "Xception" else 1.2
            numbers.append((f"random_{i}_{name.lower()}", name, args, tuple(shape), gain, (0.0, 255.0) if pixels else (-1.0, 1.0)))
    make.structures(out, table)
    make.numeric(out, numbers)
    d = Draw("apps", seed, "pictures")
    make.preprocessing(out, f"random{seed}", make.FAMILIES, shape=(d.whole(1, 3), d.whole(1, 5), d.whole(1, 5), 3))
    make.decode(out, f"random{seed}")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1", int(sys.argv[3]) if len(sys.argv) > 3 else 40)
