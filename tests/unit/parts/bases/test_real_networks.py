"""Published weights do here what they did where they were published."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tunesmith.data.pixels import Picture
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._architectures import load
from tunesmith.parts.bases.local import Local

LARGEST = 1 << 20  # pixels
EVERY = 20  # of each class's test images, one: 500 in all
STATED = 0.81  # accuracy of ResNet-20 on all 10,000 of these JPEG files, as their source says; measured here: 0.8103
SPREAD = 0.04  # of 500 rows: two standard errors
SEPARABLE = 0.93


def column(pictures):
    made = np.empty((len(pictures), 1), object)
    made[:, 0] = pictures
    return {"image": made}


def vectors(body, pictures):
    inputs = body.eval().prepare(column(pictures))
    with torch.inference_mode():
        parts = np.array_split(np.arange(len(pictures)), max(1, len(pictures) // 50))
        return torch.cat([body(body.collate(inputs, part)) for part in parts])


@pytest.mark.assets
def test_resnet20_classifies_cifar_as_stated(assets):
    path = assets / "weights/cifar10_resnets/resnet20-12fca82f.th"
    with tarfile.open(assets / "image/cifar10_jpeg/test.tar.xz") as archive:
        files = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}
    names = sorted(files)
    classes = sorted({Path(one).parent.name for one in names})
    chosen = [one for label in classes for one in [name for name in names if f"/{label}/" in name][::EVERY]]
    labels = np.array([classes.index(Path(one).parent.name) for one in chosen])
    assert np.bincount(labels).tolist() == [50] * 10
    name, _, head = load(path, None)
    assert name == "cifar_resnet20"
    body = Local(path=str(path)).build(Shape(), 0)
    found = vectors(body, [Picture.of(files[one], Path(), one, LARGEST) for one in chosen])
    with torch.no_grad():
        answers = head(found).argmax(1).numpy()
    assert abs((answers == labels).mean() - STATED) < SPREAD


@pytest.mark.assets
def test_mobilenet_vectors_separate_ants_from_bees(assets):
    """Its own figure is of ImageNet, whose images are not at hand; a linear model on its vectors stands for it."""
    path = assets / "weights/mobilenetv2_imagenet_torch/mobilenetv2_imagenet_fp16.pt"
    body = Local(path=str(path)).build(Shape(), 0)
    sides = {}
    for side in ("train", "val"):
        files = sorted((assets / "image/hymenoptera" / side).rglob("*.jpg"))
        labels = [one.parent.name for one in files]
        pictures = [Picture.of(one.name, one.parent, one.name, LARGEST) for one in files]
        sides[side] = vectors(body, pictures).numpy(), labels
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500)).fit(*sides["train"])
    assert probe.score(*sides["val"]) >= SEPARABLE
