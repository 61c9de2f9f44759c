"""Networks and jobs that train in milliseconds: a BERT of four thin layers, and a network over columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tunesmith.core.events import Events
from tunesmith.data import Encoded
from tunesmith.data.store import ArrayStore
from tunesmith.model import Judged
from tunesmith.model.network import Net, Network
from tunesmith.parts.balances import Balance
from tunesmith.parts.bases.tabular_net import TabularNet
from tunesmith.parts.engines.local import Local
from tunesmith.parts.losses import Loss
from tunesmith.parts.strategies import Strategy
from tunesmith.testing import tiny
from tunesmith.testing.rows import QUESTIONS, encoded, shape_of
from tunesmith.training.groups import peak_rate
from tunesmith.training.loop import Loop
from tunesmith.training.randomness import manual_seed
from tunesmith.training.settings import Job, Plan, Train

ASKED = QUESTIONS["two classes"]
FORMS = {"text": frozenset({"text"}), "table": frozenset({"numbers", "categories"})}
EXACT = Local(run_on="cpu", precision="fp32", threads=1)


def network(kind: str = "text", seed: int = 0, dropout: float = 0.0, store: ArrayStore | None = None) -> Network:
    """Return a network with the starting weights of a seed; the BERT's are the same for each."""
    shape = shape_of(FORMS[kind])
    if kind == "text":
        encoder = tiny.encoder()
    else:
        encoder = TabularNet(width=12, depth=2, dropout=dropout).build(shape, seed)
    for module in encoder.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
    made = Network(Net({"body": encoder}, ASKED.width, 0.0, seed), shape, "body", torch.device("cpu"))
    made.store = store
    return made


def judge(validation: Encoded, outputs: np.ndarray) -> Judged:
    """Return accuracy, then the mean cross-entropy."""
    logs = torch.from_numpy(outputs).log_softmax(1).numpy()
    loss = float(-logs[np.arange(len(logs)), validation.targets].mean())
    accuracy = float((outputs.argmax(1) == validation.targets).mean())
    return Judged("accuracy", accuracy, accuracy, loss)


def rows(kind: str, count: int, part: str) -> Encoded:
    """Return prepared rows."""
    return network(kind).prepare(encoded(ASKED, FORMS[kind], count, part))


def job(kind: str = "text", count: int = 26, dropout: float = 0.0, seed: int = 0, **train: object) -> Job:
    """Return a job; what is not a field of `train` in a recipe is `strategy`, `store`, `places` or `balance`."""
    strategy = Strategy.model_validate(train.pop("strategy", "full"))
    store, places, balance = (train.pop(name, None) for name in ("store", "places", "balance"))
    how = Train.model_validate({"engine": EXACT, "epochs": 3, "batch_size": 10} | train)
    validation = rows(kind, 20, "validation")
    made = Job(
        train=rows(kind, count, "train"),
        validation=validation,
        how=how,
        strategy=strategy,
        loss=how.loss or Loss.model_validate("cross_entropy"),
        is_rate_known=True,
        base_rate=3e-3,
        form=ASKED.form,
        measure=lambda outputs: judge(validation, outputs),
        watch=lambda step: None,
        check=lambda whole, parts: None,
        seed=seed,
        events=Events(),
        start=lambda one: network(kind, one, dropout, store),
        balance=None if balance is None else Balance.model_validate(balance),
    )
    return made if places is None else replace(made, places=places)


def loop(of: Job, plan: Plan | None = None) -> Loop:
    """Return a loop before its first step, as the stage prepares it, without kept layers and left-out words."""
    model = of.start(of.seed)
    assert isinstance(model, Network)
    manual_seed(of.seed)
    body = model.net.encoders[model.body]
    of.strategy.prepare(body, body.layers())
    of.strategy.settle(body, body.layers())
    return Loop(model, of, plan or Plan.of(of), peak_rate(of), of.seed)


def steps(one: Loop, number: int | None = None) -> list[float]:
    """Take steps until so many were taken (all where not given) and return the loss of each."""
    number = one.plan.total if number is None else number
    losses = []
    while one.progress.number < number:
        for positions in one.order():
            losses.append(one.step(positions).loss)
            if one.progress.number >= number:
                break
    return losses


def weights(one: Loop | Network) -> dict[str, np.ndarray]:
    """Return every weight by name, copied."""
    net = one.model.net if isinstance(one, Loop) else one.net
    return {name: value.detach().numpy().copy() for name, value in net.state_dict().items()}


def largest_gap(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """Return the largest difference of two sets of weights of the same names and shapes."""
    assert one.keys() == other.keys()
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


def said(of: Job, kind: str) -> list[str]:
    """Return the sentences of the notes (`note`) or warnings (`warning`) so far."""
    return [event.fields["text"] for event in of.events.seen if event.kind == kind]


def store(folder: Path, gigabytes: float = 1.0) -> ArrayStore:
    """Return an array store in a folder."""
    return ArrayStore(folder, int(gigabytes * (1 << 30)))
