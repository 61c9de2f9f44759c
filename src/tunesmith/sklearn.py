"""Tunesmith as scikit-learn estimators: the same codecs, bases and training, without a file, a test split or a version.

They are for pipelines, cross-validation and searches; a registered version with a verdict comes from `train`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from .core.events import Events
from .core.ids import unit_interval
from .data import Codec, Dataset, Encoded
from .model import Model
from .parts.balances import Balance
from .parts.bases import Base
from .parts.losses import Loss
from .parts.modalities import Modality
from .parts.strategies import Strategy
from .parts.tasks import Task
from .recipe import check_balance
from .stages.build import Blueprint, build
from .stages.decide import Decide, check, settled
from .stages.encode import encode, fit_codec
from .stages.evaluate import validation_measure
from .stages.train import train
from .training.settings import Job, Train

TARGET = "y"
VALIDATION = 0.1  # share of the rows that early stopping looks at
FEW = 40  # rows below which validation is the training rows themselves


class _Tunesmith(BaseEstimator):
    """What both estimators share. Parameters are what a recipe says under the same keys."""

    _task: str
    balance: Any = None
    decide: Any = None

    def __init__(self, base: Any = None, strategy: Any = "full", train: Any = None, seed: int = 0) -> None:
        self.base = base
        self.strategy = strategy
        self.train = train
        self.seed = seed

    def _learn(self, frame: pl.DataFrame, target: np.ndarray) -> None:
        data = Dataset.of(frame.with_columns(pl.Series(TARGET, target)), "X").identified(frame.columns)
        inputs = {name: Modality.model_validate(_modality(frame[name])) for name in frame.columns}
        task = Task.model_validate(self._task)
        choice = self._choice()
        codec = fit_codec(data, inputs, TARGET, task)
        check(choice, codec)
        texts = any(modality.gives == "text" for modality in inputs.values())
        base = Base.model_validate(self.base or ("minilm" if texts else "gbdt"))
        how = Train.model_validate(self.train or {})
        balance = None if self.balance is None else Balance.model_validate(self.balance)
        if balance is not None:
            check_balance(balance, task, base)
        how.engine.start()
        plan = Blueprint(base, codec, self.seed, how.dropout, str(how.engine.device()))
        model = build(plan)
        encoded = model.prepare(encode(data, codec))
        place = np.array([unit_interval(one) for one in data.ids])
        held = np.flatnonzero(place < VALIDATION)
        few = len(data) < FEW or len(held) < 2
        validation = encoded if few else encoded.take(held)
        fitted = encoded if few else encoded.take(np.flatnonzero(place >= VALIDATION))
        job = replace(self._job(fitted, validation, plan, how), balance=balance)
        self.model_: Model = train(model, job).model
        outputs = self.model_.outputs(validation) if choice.is_auto else np.empty((0, 0))
        self.codec_: Codec = settled(choice, codec, {"train": fitted, "validation": validation}, outputs)[0]

    def _choice(self) -> Decide:
        return Decide.model_validate(self.decide or {})

    def _job(self, fitted: Encoded, validation: Encoded, plan: Blueprint, how: Train) -> Job:
        codec, task = plan.codec, plan.codec.task
        assert isinstance(task, Task)
        assert validation.targets is not None
        return Job(
            train=fitted,
            validation=validation,
            how=how,
            strategy=Strategy.model_validate(self.strategy),
            loss=how.loss or Loss.model_validate(task.default_loss),
            base_rate=plan.base.learning_rate,
            is_rate_known=plan.base.is_rate_known,
            form=task.form,
            measure=validation_measure(task, validation, codec.target_state),
            watch=lambda step: None,
            check=lambda one, several: None,
            seed=self.seed,
            events=Events(),
            start=lambda seed: build(replace(plan, seed=seed)),
        )

    def _scores(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        data = Dataset.of(self._frame(X, reset=False), "X")
        encoded = self.model_.prepare(encode(data, self.codec_, labelled=False))
        task = self.codec_.task
        assert isinstance(task, Task)
        return task.scores(self.model_.outputs(encoded), self.codec_.target_state)

    def _frame(self, X: Any, reset: bool) -> pl.DataFrame:
        """Return texts as one column, a table as its columns. Raises ValueError for anything else."""
        if _is_texts(X):
            texts = [str(one) for one in X]
            if reset:
                self.n_features_in_ = 1
            return pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
        table = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        if np.isinf(table).any():
            raise ValueError("Input X contains infinity or a value too large for dtype('float64').")
        return pl.DataFrame({f"x{at}": table[:, at] for at in range(table.shape[1])})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


class TunesmithClassifier(ClassifierMixin, _Tunesmith):
    """Classifies rows of numbers (rows, columns), or texts (a list or array of str).

    `base`, `strategy` and `train` are what a recipe says under these keys (a name or a dict); `base` defaults to
    minilm for texts and gbdt for numbers. So are `balance` and `decide`, for classes of uneven size; a threshold
    (`decide="auto"`) is for two classes, and is chosen on the tenth of the rows by which training is stopped.
    """

    _task = "classification"

    def __init__(
        self,
        base: Any = None,
        strategy: Any = "full",
        train: Any = None,
        seed: int = 0,
        balance: Any = None,
        decide: Any = None,
    ) -> None:
        super().__init__(base, strategy, train, seed)
        self.balance = balance
        self.decide = decide

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X and labels (rows,). Raises ValueError for inputs that scikit-learn would refuse."""
        frame, target = _checked(self, X, y)
        check_classification_targets(target)
        self.classes_, numbers = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"classifier can't train with one class only: '{self.classes_[0]}'")
        self._learn(frame, numbers)
        return self

    def _choice(self) -> Decide:
        """Return how to decide, `positive` as the number of the class, as which the codec knows it."""
        choice = super()._choice()
        if choice.positive is None:
            return choice
        known = [str(name) for name in self.classes_.tolist()]
        if str(choice.positive) not in known:
            raise ValueError(f"decide: there is no class '{choice.positive}' to be positive; y has {', '.join(known)}")
        return choice.model_copy(update={"positive": known.index(str(choice.positive))})

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, float64 (rows, classes) in the order of `classes_`."""
        return self._scores(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row: the most probable one, or what `decide` says."""
        scores = self._scores(X)
        assert isinstance(self.codec_.task, Task)
        return self.classes_[self.codec_.task.decided(scores, self.codec_.target_state)]


class TunesmithRegressor(RegressorMixin, _Tunesmith):
    """Predicts a quantity for rows of numbers (rows, columns), or texts (a list or array of str)."""

    _task = "regression"

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X and values (rows,). Raises ValueError for inputs that scikit-learn would refuse."""
        frame, target = _checked(self, X, y)
        values = np.asarray(target, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError("Input y contains NaN or infinity.")
        self._learn(frame, values)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return values, float64 (rows,)."""
        return self._scores(X)


def _checked(estimator: _Tunesmith, X: Any, y: Any) -> tuple[pl.DataFrame, np.ndarray]:
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None.")
    frame = estimator._frame(X, reset=True)
    target = column_or_1d(y, warn=True)
    if len(target) != frame.height:
        raise ValueError(f"X has {frame.height} rows, y has {len(target)}; give one label per row")
    if frame.height < 2:
        raise ValueError("Found array with 1 sample(s) while a minimum of 2 is required.")
    return frame, target


def _is_texts(X: Any) -> bool:
    """Tell texts from a table: one dimension, and every value a str."""
    if isinstance(X, str) or not hasattr(X, "__len__") or getattr(X, "ndim", 1) != 1:
        return False
    return len(X) > 0 and all(isinstance(one, str) for one in X)


def _modality(column: pl.Series) -> str:
    return "text" if column.dtype == pl.String else "number"
