"""Which of a few large European languages a text is in, by the little words that only one of them has."""

from __future__ import annotations

import polars as pl

WORDS = {
    "English": "the and of to is that it with for are this was have they from which would there been their when what "
    "will your about could into than these because don't it's you my how can does should i'm",
    "German": "der und das ist nicht mit sich auf ein eine einen einem dem den auch wird werden sind oder aber wenn "
    "nur noch nach wurde durch kann zum zur beim ich wir mein keine über für ihre bei einer",
    "French": "les des est dans une qui sur avec pas sont cette mais nous vous ont ses leur être même aussi "
    "je c'est deux entre très où était d'un d'une qu'il aux du au et",
    "Spanish": "los las por con una para del está pero más como sus muy también hasta donde quien desde todo nos "
    "durante uno ellos esta fue sobre y el ser años",
    "Italian": "il che di non per della sono gli alla anche più dei nel delle questo dal ma è degli stato sul "
    "dalla nella loro suo essere molto perché cosa due",
    "Portuguese": "não uma os para mais dos foi das ao tem seu são você também pelo pela isso até ela entre "
    "depois muito já está eu só nos num numa mesmo",
    "Dutch": "het een zijn niet aan voor maar ook wordt bij naar heeft worden deze uit hebben kan nog geen "
    "moet onder zich dit wel haar ik je wat mijn",
}
"""Language -> words; those that two of the languages share are told by neither. No usual word of English elsewhere."""

MOST = 400  # characters of a text that are read: more say no more
SURE = 3  # how many of its words a language needs
AHEAD = 3  # how many times more than the next language


def languages(texts: pl.Series) -> pl.Series:
    """Return the language of each text, null where it cannot be told: short, mixed, or another language."""
    own = _own()
    # Two spaces between words leave each word its own; a word beside a comma is missed, and there are others.
    start = " " + texts.str.head(MOST).str.to_lowercase().str.replace_all(" ", "  ", literal=True) + " "
    counts = pl.DataFrame({name: start.str.count_matches(f" (?:{'|'.join(words)}) ") for name, words in own.items()})
    best = counts.max_horizontal()
    rest = counts.select(pl.concat_list(pl.all()).list.sort(descending=True).list.get(1, null_on_oob=True))[:, 0]
    named = counts.select(pl.coalesce(pl.when(pl.col(name) == best).then(pl.lit(name)) for name in own))[:, 0]
    is_sure = (best >= SURE) & (best >= AHEAD * rest)
    return pl.select(pl.when(is_sure).then(named).otherwise(None))[:, 0]


def _own() -> dict[str, list[str]]:
    """Return language -> the words that no other language here has."""
    every = [word for words in WORDS.values() for word in set(words.split())]
    return {name: sorted({word for word in words.split() if every.count(word) == 1}) for name, words in WORDS.items()}
