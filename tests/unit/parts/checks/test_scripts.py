"""Scripts, languages, broken encodings and words of two alphabets."""

import polars as pl
import pytest

from tunesmith.parts.checks._languages import languages
from tunesmith.parts.checks._mojibake import repaired
from unit.parts.checks.tables import found

ENGLISH = ["The parcel was late and the box that I got is broken"] * 20


def said(values, **settings):
    return [(one.rows, one.severity) for one in found("scripts", values, **settings)]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Привет, где моя посылка?", "Cyrillic"),
        ("これは日本語です", "Japanese"),
        ("东西坏了", "Han"),
        ("배송이 늦었어요", "Hangul"),
        ("الطرد تأخر", "Arabic"),
        ("η συσκευασία", "Greek"),
    ],
)
def test_rows_of_another_script(text, script):
    (finding,) = found("scripts", [*ENGLISH, text])
    assert (finding.rows, finding.severity) == ((20,), "warning")
    assert f"1 row in {script}, while 20 are in Latin (first: rows.csv row 21)" in finding.advice


def test_the_score_is_the_share_of_the_letters():
    (finding,) = found("scripts", [*ENGLISH, "abc где моя"])
    assert finding.scores == pytest.approx((6 / 9,))


def test_half_and_half_is_noted_only():
    assert said(ENGLISH + ["Привет, где она"] * 15) == [(tuple(range(20, 35)), "info")]


@pytest.mark.parametrize("text", ["5 µm", "😀", "12", None, "Größe æøå", "10 Ω", "Ж"])
def test_signs_and_accents_are_no_script(text):
    assert said([*ENGLISH, text]) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The house is old and the garden was not well kept", "English"),
        ("Das Haus ist alt und der Garten wurde nicht gepflegt", "German"),
        ("La maison est vieille et les jardins sont dans un état triste avec des arbres", "French"),
        ("La casa es vieja pero los jardines están muy bien y con una fuente para todos", "Spanish"),
        ("La casa è vecchia ma il giardino non è curato e anche gli alberi sono secchi", "Italian"),
        ("A casa é velha mas os jardins são bonitos e uma árvore não tem mais folhas", "Portuguese"),
        ("Het huis is oud en een tuin wordt niet goed onderhouden maar ook de muur", "Dutch"),
        ("Hus og have er gamle", None),
        ("late again", None),
    ],
)
def test_a_language_by_its_small_words(text, language):
    assert languages(pl.Series([text, None])).to_list() == [language, None]


def test_rows_of_another_language():
    german = "Das Paket ist nicht da und die Schachtel wurde beim Öffnen nass"
    assert said([*ENGLISH, german]) == [((20,), "warning")]
    assert said([*ENGLISH, german], languages=False) == []


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("CafÃ© Ã¼ber", "Café über"),
        ("itâ€™s â€œfineâ€\x9d", "it’s “fine”"),
        ("ðŸ˜€", "😀"),
        ("ÃƒÂ©", "é"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("5Â°", "5°"),
    ],
)
def test_a_wrong_encoding_is_undone(broken, whole):
    (finding, *_) = found("scripts", [*ENGLISH, f"so {broken} it was"])
    assert finding.suggestions == (f"so {whole} it was",)


@pytest.mark.parametrize("text", ["Größe", "NÃO", "São Paulo", "«É»", "À « b »", "Ångström", "Ð", "naïve café", "‘É’"])
def test_honest_accents_stay(text):
    assert repaired(text) == text


@pytest.mark.parametrize("text", ["é", "日本語", "Ż€", "it’s", "привет", "😀"])
def test_what_is_broken_is_repaired_whatever_it_was(text):
    try:
        broken = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        broken = text.encode().decode("latin-1")
    assert repaired(broken) == text


def test_lost_characters_have_no_suggestion():
    (finding,) = found("scripts", [*ENGLISH, "caf\ufffd"])
    assert (finding.rows, finding.suggestions) == ((20,), ())
    assert "`encoding`" in finding.advice


def test_words_of_two_alphabets():
    (finding,) = found("scripts", [*ENGLISH, "log in to p\u0430yp\u0430l"])
    assert (finding.rows, finding.suggestions) == ((20,), ("log in to paypal",))
