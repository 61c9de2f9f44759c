"""The probe's choice in words: what was chosen, and why."""

from __future__ import annotations

from ._probe import CLOSE, EXACT, TIE, WORTH, Choice, Figures, fastest_steps


def reasons(choice: Choice) -> dict[str, str]:
    """Return precision, threads and the way of fp32 products, each with its reason."""
    figures = choice.figures
    if figures is None:
        return {"precision": choice.precision, "threads": str(choice.threads), "fp32_routing": choice.fp32_routing}
    return {
        "precision": _precision(choice, figures),
        "threads": _threads(choice, figures),
        "fp32_routing": _routing(choice, figures),
    }


def _precision(choice: Choice, figures: Figures) -> str:
    fastest = fastest_steps(figures)
    if len(fastest) < 2:
        return choice.precision
    bf16 = fastest["bf16"]
    times = f"{fastest['fp32'].seconds / bf16.seconds:.1f}x as fast"
    if choice.precision == "bf16":
        return f"bf16 ({times} as fp32 here, error {_percent(bf16.error)})"
    if bf16.error > CLOSE:
        return f"fp32 (bf16 is {times} here, but errs by {_percent(bf16.error)}, allowed {_percent(CLOSE)})"
    return f"fp32 (bf16 is {times} here, {WORTH:g}x is needed)"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _threads(choice: Choice, figures: Figures) -> str:
    seconds = {row.threads: row.seconds for row in figures.steps if row.precision == choice.precision}
    others = [
        f"{seconds[count] / seconds[choice.threads]:.1f}x the time on {count}"
        for count in seconds
        if count != choice.threads
    ]
    if others and figures.is_disturbed:
        others = [f"not compared: other processes kept {figures.others:.1f} cores busy"]
    return f"{choice.threads} ({', '.join(others)})" if others else str(choice.threads)


def _routing(choice: Choice, figures: Figures) -> str:
    rows = {row.routing: row for row in figures.products}
    if "ieee" not in rows:
        return choice.fp32_routing
    own = rows["ieee"].seconds
    if choice.fp32_routing != "ieee":
        chosen = rows[choice.fp32_routing]
        return f"{chosen.routing} ({own / chosen.seconds:.1f}x as fast as torch's own, error {chosen.error:.0e})"
    inexact = [f"{row.routing} errs by {row.error:.0e}" for row in figures.products if row.error > EXACT]
    slow = [
        f"{row.routing} is {own / row.seconds:.1f}x as fast, {TIE:g}x is needed"
        for row in figures.products
        if row.error <= EXACT and row.routing != "ieee"
    ]
    return f"ieee ({', '.join(slow + inexact)})"
