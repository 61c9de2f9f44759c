"""One veil over all that is written for reading."""

from tunesmith.parts.checks._veil import Veil
from tunesmith.parts.checks.personal_data import PersonalData

MAIL, CARD = "ann@mail.example.org", 4111111111111111
FOUND = [{"check": "personal_data", "column": "card", "rows": [{"suggestion": None}]}]
FOUND += [{"check": "personal_data", "column": "text", "rows": [{"suggestion": "write to [email]"}]}]
FOUND += [{"check": "imbalance", "column": "other", "rows": []}]


def test_texts_names_and_lists_are_masked_and_ids_are_not():
    value = {"id": MAIL, MAIL: [MAIL, 3, None, {"inputs": {"text": f"to {MAIL}"}}], "sure": True, "share": 0.5}
    veil = Veil.of({}, [])
    assert veil.over(value) == {
        "id": MAIL,
        "[email]": ["[email]", 3, None, {"inputs": {"text": "to [email]"}}],
        "sure": True,
        "share": 0.5,
    }
    assert veil.over(veil.over(value)) == veil.over(value)


def test_numbers_are_masked_in_columns_of_cards_alone():
    rows = {"card": CARD, "text": CARD, "other": CARD}
    assert Veil.of({}, FOUND).over(rows) == {"card": "[card]", "text": CARD, "other": CARD}


def test_pictures_stay_whole():
    picture = "data:image/png;base64,4111111111111111"
    assert Veil.of({}, []).over({"picture": picture}) == {"picture": picture}


def test_the_recipe_says_what_is_masked():
    value = {"text": MAIL, "card": CARD}
    assert Veil.of({"personal_data": False}, FOUND).over(value) is value
    assert Veil.of({"personal_data": PersonalData(mask=False)}, FOUND).over(value) is value
    assert Veil.of({"personal_data": PersonalData(kinds=("phone",))}, FOUND).over(value) == value
