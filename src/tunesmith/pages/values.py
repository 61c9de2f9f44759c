"""Reading JSON values that may be missing or wrong, and writing numbers the way a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DASH = "—"
MINUS = "\u2212"
KNOWN = ("AUC", "AUROC", "ECE", "F1", "MAE", "MAPE", "MCC", "MSE", "PR", "R2", "RMSE", "ROC")
ACRONYMS = {name.lower(): name for name in KNOWN} | {"bleu": "BLEU", "chrf": "chrF"}
SPELLED = {"rouge_l": "ROUGE-L"}  # names that are not words in a row
FARTHEST = 1e100  # larger magnitudes are no measurement, and their differences would overflow

# A metric whose name holds one of these words is better when it is smaller.
ERROR_WORDS = frozenset(
    {"loss", "error", "mae", "mse", "rmse", "mape", "rmsle", "brier", "ece", "hamming", "perplexity", "deviance"}
)


def block(value: Any) -> Mapping[str, Any]:
    """Return the value where it is a mapping, else an empty one."""
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """Return the value where it is a list or tuple, else an empty list."""
    return list(value) if isinstance(value, list | tuple) else []


def blocks(value: Any) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; anything else in it is passed over."""
    return [block(item) for item in items(value) if isinstance(item, Mapping)]


def number(value: Any) -> float | None:
    """Return a finite number as a float, or None: booleans, texts, NaN and infinities are not figures."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= FARTHEST else None


def whole(value: Any) -> int:
    """Return a count: a number cut to a non-negative whole one, 0 where there is none."""
    return max(0, int(number(value) or 0))


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure with its interval as a page shows it; a side of the interval may be missing alone."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @classmethod
    def of(cls, value: Any) -> Reading:
        """Read `{value, low, high, reason}`, or a bare number."""
        if not isinstance(value, Mapping):
            return cls(number(value))
        reason = value.get("reason")
        return cls(
            number(value.get("value")),
            number(value.get("low")),
            number(value.get("high")),
            reason if isinstance(reason, str) else "",
        )

    @property
    def interval(self) -> str:
        """`[0.890, 0.931]`, or an empty text where the interval is not whole."""
        if self.low is None or self.high is None:
            return ""
        return f"[{figure(self.low)}, {figure(self.high)}]"

    def __str__(self) -> str:
        return f"{figure(self.value)} {self.interval}".rstrip()


def figure(value: float | None) -> str:
    """Return a measured number in few digits: `0.912`, `−3.25`, `12,345`, `4.2e−05`; a dash for None."""
    if value is None:
        return DASH
    size = abs(value)
    if size == 0:
        text = "0.000"
    elif 0.0001 <= size < 0.001:
        text = f"{value:.4f}"
    elif size < 0.001 or size >= 1e9:
        text = f"{value:.1e}"
    elif size < 10:
        text = f"{value:.3f}"
    elif size < 1000:
        text = f"{value:.1f}"
    else:
        text = f"{value:,.0f}"
    return text.replace("-", MINUS)


def signed(value: float | None) -> str:
    """Return a difference with its sign always written."""
    text = figure(value)
    return f"+{text}" if value is not None and value > 0 else text


def count(value: Any) -> str:
    """Return a count with thousands separated, or a dash where there is none."""
    return DASH if number(value) is None else f"{whole(value):,}"


def percent(share: float | None) -> str:
    """Return a share of one as a percentage, never rounding something to nothing or to all."""
    if share is None:
        return DASH
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{share:.0%}" if share in (0, 1) or 0.1 <= share <= 0.9 else f"{share:.1%}"


def duration(seconds: float) -> str:
    """Return seconds as `48 s`, `1 min 33 s` or `2 h 05 min`."""
    total = round(seconds)
    if total < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60} s"
    return f"{total // 3600} h {total % 3600 // 60:02} min"


def odds(p_value: float | None) -> str:
    """Return a p-value as `p = 0.023` or `p < 0.001`, and nothing where it is missing."""
    if p_value is None:
        return ""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def spoken(name: str) -> str:
    """Return an identifier as words: `linear_probe` becomes `linear probe`, `macro_f1` becomes `macro F1`."""
    if name in SPELLED:
        return SPELLED[name]
    return " ".join(ACRONYMS.get(word.lower(), word) for word in name.replace("_", " ").split())


def opening(words: str) -> str:
    """Return words as a sentence opens, the rest left as it is (`capitalize` would break acronyms)."""
    return words[:1].upper() + words[1:]


def falls(metric: str) -> bool:
    """Whether a smaller value of this metric is the better one, told from its name."""
    return not ERROR_WORDS.isdisjoint(metric.lower().replace("-", "_").replace(" ", "_").split("_"))


def plain(value: Any) -> str:
    """Return any JSON value as the text a person expects to see."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}".replace("-", MINUS)
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) or "none"
    return str(value)
