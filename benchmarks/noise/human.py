"""CIFAR-10N: labels that people got wrong. Our ranking beside cleanlab's, on the same probabilities.

The judges see frozen MobileNetV2 vectors (trained on ImageNet, not on these pictures). CIFAR-10N's labels are in the
order of CIFAR-10's training file; the pictures are files of a class each, numbered in that order. That a picture of a
class has a label of that class proves nothing, for the class is how they are matched, so the order within the class is
tested: what wrong label people gave must suit the very picture better than other pictures of its class.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from PIL import Image
from torch import nn

from tunesmith.core.events import Events
from tunesmith.data import Encoded
from tunesmith.data.confident import label_errors
from tunesmith.data.label_noise import fit_noise, most_f1
from tunesmith.parts.bases import Ask
from tunesmith.stages.opinion import Panel, opinion

from .scores import average_precision, found

NAME = "human"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
PER_CLASS = 2_500  # the files of each class that are here are its first ones
SIZE = 112  # pixels that the pictures are enlarged to
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
KINDS = ("aggre_label", "random_label1", "worse_label")
SHUFFLES = 200


def tasks(options: Any) -> Iterator[dict[str, Any]]:
    for kind in KINDS if options.full else KINDS[1:2]:
        yield {"part": NAME, "labels": kind, "rows": 0 if options.full else 1_500}


def run(what: dict[str, Any], assets: Path, folder: Path) -> dict[str, Any]:
    truth, given, positions = _labels(assets, what["labels"])
    chosen = np.arange(len(truth))
    if what["rows"]:
        chosen = np.sort(np.random.default_rng(0).choice(len(truth), what["rows"], replace=False))
    vectors = _vectors(assets, chosen, folder / f"mobilenet-{SIZE}-{len(chosen)}.npy")
    truth, given = truth[chosen], given[chosen]
    panel = Panel(
        rows=Encoded(tuple(map(str, positions[chosen])), {}, given),
        fold=np.random.default_rng(0).integers(0, 5, len(given)),
        stopping=np.zeros(len(given), bool),
        ask=Ask("class", len(CLASSES), 0),
        identity="cifar10n",
        vectors=vectors,
    )
    said = opinion(panel, None, Events())
    wrong, noise = given != truth, fit_noise(given, said)
    ranks = {
        f"cleanlab {by}": average_precision(1 - get_label_quality_scores(given, said, method=by), wrong)
        for by in ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
    }
    theirs = find_label_issues(given, said, n_jobs=1)
    return {
        "rows": len(given),
        "wrong": int(wrong.sum()),
        "rate said": round(noise.rate, 4),
        "order": _order(said, given, truth),
        "average precision": {"check": average_precision(noise.wrong, wrong)} | ranks,
        "check": found(most_f1(noise.wrong, 0.25)[0], wrong),
        "same, cleanlab": found(theirs, wrong),
        "same rows as cleanlab": bool((label_errors(given, said) == theirs).all()),
    }


def _labels(assets: Path, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The true and the given labels of the pictures that are here, class by class, and where they stand in CIFAR-10."""
    path = assets / "labelnoise/cifar10n_cifar10h/CIFAR-10_human.pt"
    human = torch.load(path, weights_only=False)  # numpy arrays
    truth, given = np.asarray(human["clean_label"], np.int64), np.asarray(human[kind], np.int64)
    positions = np.concatenate([np.flatnonzero(truth == one)[:PER_CLASS] for one in range(len(CLASSES))])
    return truth[positions], given[positions], positions


def _order(said: np.ndarray, given: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """How far the match of wrong labels with their very pictures is from that with other pictures of the class.

    In standard deviations of the mean log-probability of the people's label over shuffles within each class.
    """
    wrong = np.flatnonzero(given != truth)
    logs = np.log(np.maximum(said, 1e-9))
    draw, shuffled = np.random.default_rng(0), []
    for _ in range(SHUFFLES):
        other = wrong.copy()
        for one in range(len(CLASSES)):
            rows = np.flatnonzero(truth[wrong] == one)
            other[rows] = draw.choice(np.flatnonzero(truth == one), len(rows), replace=False)
        shuffled.append(logs[other, given[wrong]].mean())
    matched = logs[wrong, given[wrong]].mean()
    return {
        "matched": round(float(matched), 4),
        "shuffled": round(float(np.mean(shuffled)), 4),
        "deviations": round(float((matched - np.mean(shuffled)) / np.std(shuffled)), 1),
    }


def _vectors(assets: Path, chosen: np.ndarray, path: Path) -> np.ndarray:
    if path.exists():
        return np.load(path)
    model = MobileNet()
    weights = torch.load(assets / "weights/mobilenetv2_imagenet_torch/mobilenetv2_imagenet_fp16.pt", weights_only=True)
    model.load_state_dict({name: one.float() for name, one in weights.items() if not name.startswith("classifier")})
    model.eval()
    wanted = {f"train/{CLASSES[at // PER_CLASS]}/{at % PER_CLASS:04}.jpg": row for row, at in enumerate(chosen)}
    pictures = torch.zeros(len(chosen), 32, 32, 3, dtype=torch.uint8)
    with tarfile.open(assets / "image/cifar10_jpeg/train.tar.xz") as archive:
        for member in archive:
            if member.name in wanted:
                content = archive.extractfile(member)
                assert content is not None
                with Image.open(BytesIO(content.read())) as picture:
                    pictures[wanted[member.name]] = torch.from_numpy(np.array(picture.convert("RGB")))
    mean, deviation = (torch.tensor(one).view(3, 1, 1) for one in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    made = []
    with torch.inference_mode():
        for some in pictures.split(100):
            batch = (some.permute(0, 3, 1, 2).float() / 255 - mean) / deviation
            large = nn.functional.interpolate(batch, size=(SIZE, SIZE), mode="bicubic", align_corners=False)
            made.append(model(large).numpy())
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.concatenate(made))
    return np.concatenate(made)


def _unit(into: int, out: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(into, out, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU6())


class Residual(nn.Module):
    """An inverted residual block (Sandler et al., CVPR 2018, table 1)."""

    def __init__(self, into: int, out: int, stride: int, wider: int) -> None:
        super().__init__()
        inner = into * wider
        widen = [_unit(into, inner, 1)] if wider > 1 else []
        narrow = [nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.conv = nn.Sequential(*widen, _unit(inner, inner, 3, stride, inner), *narrow)
        self.is_residual = stride == 1 and into == out

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return batch + self.conv(batch) if self.is_residual else self.conv(batch)


class MobileNet(nn.Module):
    """MobileNetV2 without its classifier (table 2): pictures to vectors of 1,280."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_unit(3, 32, 3, 2)]
        into = 32
        for wider, out, count, stride in BLOCKS:
            for at in range(count):
                layers.append(Residual(into, out, stride if at == 0 else 1, wider))
                into = out
        self.features = nn.Sequential(*layers, _unit(into, 1280, 1))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.features(batch).mean(dim=(2, 3))


def table(runs: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| labels | pictures | wrong | average precision: check | cleanlab self-confidence | margin | entropy "
        "| F1: check | cleanlab | order proven, deviations |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in runs:
        result = one["result"]
        precision = result["average precision"]
        lines.append(
            f"| {one['what']['labels']} | {result['rows']:,} | {result['wrong']:,} | **{precision['check']:.3f}** | "
            f"{precision['cleanlab self_confidence']:.3f} | {precision['cleanlab normalized_margin']:.3f} | "
            f"{precision['cleanlab confidence_weighted_entropy']:.3f} | **{result['check']['f1']:.3f}** | "
            f"{result['same, cleanlab']['f1']:.3f} | {result['order']['deviations']:.1f} |"
        )
    return lines
