"""Train on real public images with pre-trained networks and print the table of docs/results.md.

    python benchmarks/images.py ASSETS                        # everything, about half an hour on two cores
    python benchmarks/images.py ASSETS hymenoptera            # about 6 minutes
    python benchmarks/images.py ASSETS pneumonia              # about 10 minutes
    python benchmarks/images.py ASSETS cifar10                # about 12 minutes
    python benchmarks/images.py --table                       # the table again, from the runs that are there
    python benchmarks/images.py --write ASSETS                # images and recipes alone, to be run one by one

ASSETS is a folder with the public data sets and weights named in docs/results.md. Images are unpacked under
runs/results; each run is `tunesmith train recipe.yaml --json`.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from results import RUNS, row, table, train

IMAGES = RUNS / "images"
MOBILENET = "weights/mobilenetv2_imagenet_torch/mobilenetv2_imagenet_fp16.pt"
RESNET20 = "weights/cifar10_resnets/resnet20-12fca82f.th"
MEDICAL = ("normal", "pneumonia")
TRAIN_ROWS, TEST_ROWS = 500, 200  # of each class of CIFAR-10: a part that two cores get through


def hymenoptera(assets: Path, to: Path) -> dict[str, str]:
    """Ants and bees; the folder `val` is the test part, validation rows are taken from `train`.

    So few rows are trained on in three ways: all weights, the upper half of the layers, and the head alone.
    """
    for part, source in (("train", "train"), ("test", "val")):
        shutil.copytree(assets / "image/hymenoptera" / source, to / part, dirs_exist_ok=True)
    body = base(assets, MOBILENET)
    ways = {"": "", "_freeze": "strategy: {kind: freeze, layers: 10}\n", "_head": "strategy: head\n"}
    return {f"hymenoptera_mobilenet{name}": body + way for name, way in ways.items()}


def pneumonia(assets: Path, to: Path) -> dict[str, str]:
    """Chest X-rays of 28 x 28 pixels, written as PNG files."""
    with np.load(assets / "image/pneumoniamnist_half/pneumoniamnist.npz") as arrays:
        for part, name in (("train", "train"), ("validation", "val"), ("test", "test")):
            pairs = zip(arrays[f"{name}_images"], arrays[f"{name}_labels"].ravel(), strict=True)
            for at, (pixels, label) in enumerate(pairs):
                path = to / part / MEDICAL[int(label)] / f"{at:05d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
    return small(assets, "pneumonia")


def cifar10(assets: Path, to: Path) -> dict[str, str]:
    """The first 500 training and 200 test images of each class; ResNet-20 saw them and their like before."""
    for part, most in (("train", TRAIN_ROWS), ("test", TEST_ROWS)):
        with tarfile.open(assets / f"image/cifar10_jpeg/{part}.tar.xz") as archive:
            files = {Path(one.name): archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]
        taken: Counter[str] = Counter()
        for name in sorted(files):
            label = name.parent.name
            taken[label] += 1
            if taken[label] <= most:
                path = to / part / label / name.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files[name])
    return small(assets, "cifar10")


def small(assets: Path, name: str) -> dict[str, str]:
    """Small images, enlarged for the network that was made for large ones."""
    return {
        f"{name}_mobilenet": base(assets, MOBILENET, ", size: 96"),
        f"{name}_resnet20": base(assets, RESNET20) + "train: {optimizer: {learning_rate: probe}}\n",
    }


def base(assets: Path, path: str, more: str = "") -> str:
    return f"base: {{kind: local, path: {(assets / path).resolve()}{more}}}\n"


SETS: dict[str, Callable[[Path, Path], dict[str, str]]] = {
    one.__name__: one for one in (hymenoptera, pneumonia, cifar10)
}
NAMES = [
    *(f"hymenoptera_mobilenet{way}" for way in ("", "_freeze", "_head")),
    *(f"{one}_{body}" for one in ("pneumonia", "cifar10") for body in ("mobilenet", "resnet20")),
]


def recipes(name: str, assets: Path) -> dict[str, str]:
    """Unpack a data set and return its recipes by the name of their run."""
    folder = IMAGES / name
    bodies = SETS[name](assets, folder)
    data = f"data: {{kind: folder, path: {folder.resolve()}}}\nsplit: {{leaks: drop}}\n"
    return {run: data + body for run, body in bodies.items()}


def write(name: str, recipe: str) -> None:
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(f"{recipe}name: {name}\n", "utf-8")
    print(f"tunesmith train {folder / 'recipe.yaml'} --home {RUNS / 'home'}")


if __name__ == "__main__":
    asked = [one for one in sys.argv[1:] if not one.startswith("--")]
    if "--table" not in sys.argv:
        for one in asked[1:] or SETS:
            for name, recipe in recipes(one, Path(asked[0])).items():
                if "--write" in sys.argv:
                    write(name, recipe)
                else:
                    print(row(name, train(RUNS / name, recipe)), flush=True)
    if "--write" not in sys.argv:
        print(table(NAMES))
