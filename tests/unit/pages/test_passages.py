"""Answers marked in their text: the right one, the one given, and no more of a long text than is needed."""

from tunesmith.pages.passages import fields, passage, words

LONG = "x" * 400 + " Denver won " + "y" * 600 + " Carolina lost " + "z" * 400


def test_right_and_answered_are_told_apart():
    page = passage("Ann saw Bob Lee.", [(8, 15)], [(4, 11)])
    assert page == (
        '<bdi class="data">Ann <mark title="answered">saw </mark>'
        '<ins title="right, and answered">Bob</ins><ins title="right"> Lee</ins>.</bdi>'
    )


def test_of_a_long_text_what_stands_around_the_answers_is_seen_at_once():
    page = passage(LONG, [(401, 407)], [(1013, 1021)])
    seen = page.split("<details")[0]
    assert seen.count("…") == 3
    assert len(seen) < 900
    assert '<ins title="right">Denver</ins>' in seen
    assert '<mark title="answered">Carolina</mark>' in seen
    assert f"The whole text ({len(LONG):,} characters)" in page


def test_markup_in_a_text_stays_text():
    page = passage("<b>Bob</b> & co", [(3, 6)], [])
    assert page == '<bdi class="data">&lt;b&gt;<ins title="right">Bob</ins>&lt;/b&gt; &amp; co</bdi>'


def test_no_answer_is_said_and_nothing_is_marked():
    assert words([]) == "no answer"
    assert words([{"text": "Bob", "start": 1}, {"text": "Bob", "start": 9}, {"text": "Lee", "start": 3}]) == "Bob / Lee"
    page = fields({"question": "Who?", "context": "Ann."}, [], [{"text": "Bob", "start": 0}])
    assert "<mark" not in page, "what does not stand where it says is not marked"
    assert "Ann." in page
