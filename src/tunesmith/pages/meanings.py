"""What the metrics of a language model mean, in the words of a person who has never read of them."""

from __future__ import annotations

from collections.abc import Iterable

DASHES = "not measured, as where a system copies texts and has no probabilities"
WRITTEN = {
    "token_loss": "surprise at each token of the right answers, in nats; lower is better, 0 is certain",
    "perplexity": "as if so many tokens were equally likely at each step; lower is better, 1 is certain",
    "token_accuracy": "share of the right answers' tokens that it held for the likeliest",
    "exact_match": "share of written texts that are the right one, but for white space",
    "token_f1": "words that the written and the right text share, in any order, from 0 to 1",
    "rouge_l": "words that both texts share in the same order, gaps allowed, from 0 to 1",
    "chrf": "letters in a row that both texts share, over all rows, from 0 to 1 (elsewhere often to 100)",
    "bleu": "up to four words in a row that both texts share, over all rows, from 0 to 1 (elsewhere often to 100)",
}


def meanings(metrics: Iterable[str]) -> dict[str, str]:
    """Return the words for each metric of a model that writes, in their order; nothing for other models."""
    names = list(metrics)
    return {name: WRITTEN[name] for name in names if name in WRITTEN} if "token_loss" in names else {}
