"""Prompts and answers that are texts for the kit, and what a baseline and a loss promise that see them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.need import lazy
from ..core.seed import stream
from ..data import Encoded, Ragged
from ..data.written import Written
from ..parts.baselines import Baseline, Question
from ..parts.losses import Loss
from ..parts.losses._lines import Lines
from .promise import near, promise

torch = lazy("torch")

ASKED = ("What is the capital of Norway?", "Which colour has the sky?", "Who wrote it?", "")
ANSWERS = ("It is Oslo.", "Blue", "I do not know.", "I do not know.")


def check_baseline(baseline: Baseline) -> None:
    """Hold a baseline to what every baseline promises, for prompts that are texts and for conversations."""
    answered = 0
    for what, prompts in (("text", question()), ("conversations", conversations())):
        if not baseline.applies(prompts):
            continue
        answered += 1
        found = baseline.outputs(prompts)
        promise(isinstance(found, Written), baseline, "outputs() of texts must be `Written`")
        assert isinstance(found, Written)
        rows = len(prompts.test)
        promise(len(found) == rows, baseline, f"outputs() gave {len(found)} rows for {rows} ({what})")
        are_texts = len(found.texts) == rows and all(isinstance(one, str) for one in found.texts)
        promise(are_texts, baseline, f"outputs() must give a text for each row ({what})")
        promise(bool(np.isfinite(found.values).all()), baseline, f"outputs() must be finite ({what})")
        again = baseline.outputs(prompts)
        alike = isinstance(again, Written) and again.texts.tolist() == found.texts.tolist()
        promise(alike, baseline, f"outputs() twice must be the same ({what})")
    promise(answered > 0, baseline, "applies() says no to every question of its form")


def check_loss(loss: Loss) -> None:
    """Hold a loss of tokens to its promises: a row's is the weighted sum over its tokens, in units of a usual row."""
    weights = Ragged.cut(np.array([1, 1, 0.5, 1, 1, 2], np.float32), np.array([3, 0, 1, 2]))
    hurt = loss.build(weights, 2)
    likely = -stream(0, "losses", "text").random(6).astype(np.float32)
    outputs = np.stack([likely, np.zeros(6, np.float32)], axis=1)

    def losses(rows: list[int], lines: np.ndarray) -> np.ndarray:
        some = weights.take(np.array(rows))
        told = Lines(torch.from_numpy(some.values), torch.from_numpy(some.lengths))
        return hurt(torch.from_numpy(lines), told).double().numpy()

    whole = losses([0, 1, 2, 3], outputs)
    promise(whole.shape == (4,), loss, f"four rows of tokens must give shape (4,), not {whole.shape}")
    promise(whole[1] == 0.0, loss, "a row without tokens that are learnt must not hurt")
    alone = losses([3, 0], np.concatenate([outputs[4:], outputs[:3]]))
    promise(near(alone, whole[[3, 0]], 1e-6), loss, "a row's loss must not depend on the rows beside it")
    mean = float(-(weights.values * likely).sum() / weights.values.sum())
    promise(abs(whole.mean() - mean) < 1e-5, loss, "the mean over rows must be the weighted mean over their tokens")


def question() -> Question:
    """Return rows of a text and its answer: twelve to learn from, eight to be asked."""
    splits = []
    for name, rows in (("train", 12), ("validation", 4), ("test", 8)):
        asked = np.resize(np.array(ASKED, object), rows)[:, None]
        ids = tuple(f"{name}-{at}" for at in range(rows))
        splits.append(Encoded(ids, {"text": asked}, np.resize(np.array(ANSWERS, object), rows)))
    train, validation, test = splits
    untouched = {name: Written.of([f"{name} of a model"] * len(test)) for name in ("zero_shot", "few_shot")}
    return Question(train, validation, test, form="text", width=2, seed=0, base="tiny", untouched=untouched)


def conversations() -> Question:
    """Return the same rows, each text as what a user says."""
    plain = question()
    return replace(plain, train=_talks(plain.train), validation=_talks(plain.validation), test=_talks(plain.test))


def _talks(rows: Encoded) -> Encoded:
    talks = np.empty((len(rows), 1), object)
    for at, text in enumerate(np.asarray(rows.inputs["text"])[:, 0]):
        talks[at, 0] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    return replace(rows, inputs={"chat": talks})
