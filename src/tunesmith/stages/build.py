"""The codec's sizes and a base to a model, ready to train or to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from ..core.errors import RecipeError
from ..data import Codec
from ..data.store import ArrayStore
from ..model import Model
from ..model.fitted import Fitted
from ..model.network import Net, Network
from ..parts.bases import Base, FittedBase, Shape
from ..parts.bases._encoder import Encoder
from ..parts.bases.conv_net import ConvNet
from ..parts.bases.tabular_net import TabularNet
from ..parts.modalities import Modality
from ..parts.tasks import Task

ASIDE = ("numbers", "categories", "image")
BESIDE = {"columns": TabularNet(), "images": ConvNet()}
"""What encodes the inputs that the base does not read: numbers and categories, images."""
FITTING = {
    "chat": "hf_causal",
    "text": "minilm",
    "words": "minilm",
    "image": "conv_net",
    "numbers": "gbdt",
    "categories": "gbdt",
}
SINGLE = {
    "text": "text",
    "chat": "a conversation",
    "words": "a list of words",
    "image": "an image",
    "numbers": "a number",
    "categories": "a category",
}


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a model is made from."""

    base: Base
    codec: Codec
    seed: int = 0
    dropout: float = 0.0
    device: str = "cpu"
    store: ArrayStore | None = None


def build(plan: Blueprint) -> Model:
    """Return the model with its starting weights. Raises RecipeError where base and inputs do not fit."""
    check_inputs(plan.base, plan.codec)
    return _assemble(plan, None)


def rebuild(plan: Blueprint, files: Mapping[str, bytes]) -> Model:
    """Return the model of a version from its files. Raises VerificationError where they do not fit."""
    model = _assemble(plan, files)
    model.load(files)
    return model


def check_inputs(base: Base, codec: Codec) -> None:
    """Refuse impossible pairings of base and inputs, naming what would fit. Raises RecipeError."""
    shape = shape_of(codec)
    forms, reads = shape.forms, " and ".join(sorted(base.takes))
    columns = {one.name: one.modality.gives for one in codec.columns if isinstance(one.modality, Modality)}
    if base.form == "fitted" and not forms <= base.takes:
        odd, form = next((name, form) for name, form in columns.items() if form not in base.takes)
        raise RecipeError(
            f"base: {base.kind} reads {reads}, but column '{odd}' is {SINGLE[form]}; "
            f"use `base: {FITTING[form]}`, or leave that column out of `inputs`"
        )
    beside = [name for name, form in columns.items() if form in ASIDE and form not in base.takes]
    if shape.reads != "row" and beside:
        raise RecipeError(
            f"inputs: {codec.task.kind} answers for each {shape.reads} of a row, and column '{beside[0]}' has no place "
            "there; leave it out of `inputs`"
        )
    if not forms & base.takes:
        fits = " or ".join(dict.fromkeys(f"`base: {FITTING[form]}`" for form in sorted(forms)))
        raise RecipeError(
            f"base: {base.kind} reads {reads}, but the inputs are {' and '.join(sorted(forms))}; use {fits}"
        )
    _refuse_unread(base, columns)


def _refuse_unread(base: Base, columns: Mapping[str, str]) -> None:
    """Refuse a column that neither the base nor what stands beside it can read."""
    read = base.takes.union(*(one.takes for one in BESIDE.values()))
    odd = next((name for name, form in columns.items() if form not in read), None)
    if odd is not None:
        form, reads = columns[odd], " and ".join(sorted(base.takes))
        raise RecipeError(
            f"base: {base.kind} reads {reads}, but column '{odd}' is {SINGLE[form]}; use `base: {FITTING[form]}`, "
            "beside which columns and images get networks of their own, or leave that column out of `inputs`"
        )
    images = [name for name, form in columns.items() if form == "image"]
    if len(images) > 1:
        named = ", ".join(f"'{name}'" for name in images)
        raise RecipeError(
            f"inputs: a row has one image, and {named} are columns of images; name one of them in `inputs`"
        )


def shape_of(codec: Codec) -> Shape:
    """Return how large the codec's inputs are."""
    assert isinstance(codec.task, Task)
    forms = [(one, one.modality.gives) for one in codec.columns if isinstance(one.modality, Modality)]
    return Shape(
        texts=sum(form == "text" for _, form in forms),
        numbers=sum(form == "numbers" for _, form in forms),
        categories=tuple(len(one.state["values"]) + 1 for one, form in forms if form == "categories"),
        words=sum(form == "words" for _, form in forms),
        chats=sum(form == "chat" for _, form in forms),
        images=tuple((one.state["height"], one.state["width"]) for one, form in forms if form == "image"),
        reads=codec.task.reads,
    )


def _assemble(plan: Blueprint, files: Mapping[str, bytes] | None) -> Model:
    shape = shape_of(plan.codec)
    task = plan.codec.task
    assert isinstance(task, Task)
    width = task.width(plan.codec.target_state)
    if isinstance(plan.base, FittedBase):
        return Fitted(plan.base, shape, width)
    encoders = {"body": _encoder(plan.base, shape, plan.seed, files)}
    for name, beside in BESIDE.items():
        if (shape.forms - plan.base.takes) & beside.takes:
            encoders[name] = _encoder(beside, shape, plan.seed, files)
    network = Network(Net(encoders, width, plan.dropout, plan.seed), shape, "body", torch.device(plan.device))
    network.store = plan.store
    return network


def _encoder(base: Base, shape: Shape, seed: int, files: Mapping[str, bytes] | None) -> Encoder:
    return base.build(shape, seed) if files is None else base.restore(shape, files)
