"""Tags to entities exactly as seqeval has them; tags that contradict themselves; words and tags of other lengths."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import DataError
from tunesmith.data.tags import aligned, entities, faults, scheme_of, tag_faults

SCHEMES = {"iob1": "IOB1", "iob2": "IOB2", "ioe1": "IOE1", "ioe2": "IOE2", "iobes": "IOBES", "bilou": "BILOU"}
ODD = ["O", "B", "I", "B-X-Y", "I-X-Y", "B-", "I-A-", "B--A", "S-A", "E-A", "E-B", "L-A", "U-A", ".", "A", "OX", "Q-A"]


def column(*tags):
    return pl.Series("tags", [one if one is None else one.split() for one in tags], dtype=pl.List(pl.String))


@settings(max_examples=600, deadline=None)
@given(tags=st.lists(st.sampled_from([f"{p}-{t}" for p in "BIES" for t in "AB"] + ODD), max_size=9))
@pytest.mark.filterwarnings("ignore:.* seems not to be NE tag")
def test_loose_entities_are_seqevals(tags):
    sequence_labeling = pytest.importorskip("seqeval.metrics.sequence_labeling")
    wanted = [(kind, first, last + 1) for kind, first, last in sequence_labeling.get_entities(list(tags))]
    assert entities(tags) == wanted


@pytest.mark.parametrize("name", SCHEMES)
def test_strict_entities_are_seqevals(name):
    scheme = pytest.importorskip("seqeval.scheme")
    chooser = random.Random(0)
    prefixes = {"iobes": "BIES", "bilou": "BILU"}.get(name, "BI" if "b" in name else "IE")
    known = [f"{prefix}-{kind}" for prefix in prefixes for kind in ("A", "B", "A-")] + ["O", prefixes[0], "I"]
    for _ in range(3000):
        tags = chooser.choices(known, k=chooser.randint(0, 8))
        wanted = scheme.Tokens(tags, getattr(scheme, SCHEMES[name])).entities
        assert entities(tags, name) == [(one.tag, one.start, one.end) for one in wanted], tags


def test_the_examples_of_seqevals_page():
    true = ["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"]
    answer = ["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"]
    assert entities(true) == entities(true, "iob2") == [("MISC", 3, 6)]
    assert entities(answer) == entities(answer, "iob2") == [("MISC", 2, 6)]
    assert entities(["I-NP", "I-NP", "O"]) == [("NP", 0, 2)]
    assert entities(["I-NP", "I-NP", "O"], "iob2") == []
    assert entities([]) == entities([], "iobes") == []


def test_tags_that_no_scheme_reads_are_refused():
    with pytest.raises(DataError, match=r"the tag 'E-A' begins with none of B, I, O"):
        entities(["O", "E-A"], "iob2")
    for scheme in (None, "iob2"):
        with pytest.raises(DataError, match="an empty tag"):
            entities(["O", ""], scheme)


def test_entities_are_linear():
    tags = ["B-A", "I-A", "O", "I-B"] * 50_000
    assert len(entities(tags)) == 100_000
    assert len(entities(tags, "iob2")) == 50_000


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("O B-A I-A O", []),
        ("B-A B-A I-A", []),
        ("B I O", []),
        ("I-A O", [(0, "'I-A' has no 'B-A' before it")]),
        ("B-A I-B I-B", [(1, "'I-B' stands inside of 'A'")]),
        ("B-A O I-A", [(2, "'I-A' has no 'B-A' before it")]),
        ("NOUN", [(0, "'NOUN' is no tag: O, or a prefix and a type as in B-PER")]),
        (
            "B-A x I-A",
            [(1, "'x' is no tag: O, or a prefix and a type as in B-PER"), (2, "'I-A' has no 'B-A' before it")],
        ),
        ("B-A E-A S-B O", []),
        ("B-A I-A E-A B-A E-A", []),
        ("B-A L-A U-B O", []),
        ("B-A O S-A", [(0, "'B-A' is not closed by 'E-A' (a single word is 'S-')")]),
        ("B-A U-A", [(0, "'B-A' is not closed by 'L-A' (a single word is 'U-')")]),
        ("E-A O", [(0, "'E-A' has no 'B-A' before it")]),
        ("B-A E-A I-A E-A", [(2, "'I-A' has no 'B-A' before it")]),
        ("", []),
    ],
)
def test_faults(tags, wanted):
    assert faults(tags.split()) == wanted


def test_empty_and_missing_tags_are_faults():
    assert faults(["", "O"]) == [(0, "an empty tag")]
    assert tag_faults(pl.Series([["O", None]]), "iob2").rows() == [(0, 1, "an empty tag")]


def test_a_prefix_of_another_scheme_is_a_fault():
    assert faults(["B-A", "E-A"], "iob2") == [(1, "'E-A' has a prefix that iob2 does not know")]


def test_faults_of_a_column_do_not_cross_rows():
    found = tag_faults(column("O B-A", "I-A O", None, "", "O"), "iob2")
    assert found.rows() == [(1, 0, "'I-A' has no 'B-A' before it")]


@settings(deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "S-A", "E-A", "x"]), max_size=5), max_size=5
    ),
    scheme=st.sampled_from(list(SCHEMES)),
)
def test_the_faults_of_a_column_are_those_of_its_rows(rows, scheme):
    found = tag_faults(pl.Series(rows, dtype=pl.List(pl.String)), scheme).rows()
    assert found == [(at, place, fact) for at, row in enumerate(rows) for place, fact in faults(row, scheme)]


@settings(deadline=None)
@given(tags=st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=8))
def test_tags_without_fault_mean_the_same_however_they_are_read(tags):
    if not faults(tags):
        assert entities(tags) == entities(tags, "iob2")


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-A I-A O"] * 3, "iob2"),
        (["I-A O"] * 3, "iob2"),  # too few to tell a habit from a fault
        (["I-A O I-B B-B"] * 20, "iob1"),
        (["I-A O B-B"] * 20, "iob2"),
        (["S-A O B-B E-B"], "iobes"),
        (["U-A O B-B L-B"], "bilou"),
        (["B-A I-A O"] * 9 + ["S-A O"], "iob2"),
        (["I-A E-A O"], "ioe2"),
        (["DET NOUN VERB"], None),
        (["O O", None, ""], None),
    ],
)
def test_the_scheme_of_a_column(tags, scheme):
    assert scheme_of(column(*tags)) == scheme


def test_words_and_tags_of_the_same_number():
    words = column("a b", "c", "", "d e")
    assert aligned(words, column("O O", None, "", "O O")) is None
    assert aligned(words, column("O O", "O", "", "O")) == (3, "2 words with 1 tags")
    assert aligned(column("a", None), column("O", "O O")) == (1, "0 words with 2 tags")
    assert aligned(pl.Series([["a", None]]), column("O O")) == (0, "a word is null")
    assert aligned(column("a b"), pl.Series([["O", None]])) == (0, "a tag is null")
    assert aligned(pl.Series(["a b"]), column("O O")) == (0, "the words are String, not a list per row")
    assert aligned(column("a b"), pl.Series([[1, 0]])) is None
    assert aligned(column().clear(), column().clear()) is None
