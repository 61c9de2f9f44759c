"""What reaches a person is found and never shown; what only looks so is left alone."""

import json

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks._personal import CALLING, IBAN_LENGTHS, is_card, is_iban, is_luhn
from unit.parts.checks.tables import found

KINDS = ("email", "phone", "card", "iban", "ip")

REAL = {
    "email": ["ann.b+c@mail.example.org", "müller@münchen.de", "A_1@x.co.uk"],
    "phone": [
        *("+49 30 1234567", "+1 (212) 555-0199", "+442079460958", "0049 30 1234567", "212-555-0199", "(212) 555-0199"),
        *("06 12 34 56 78", "030/1234567", "020 7946 0958", "07700 900123"),
    ],
    "card": ["4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "3782 822463 10005", "6011000990139424"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO9386011117947"],
    "ip": ["8.8.8.8", "2001:4860:4860::8888"],
}
NOT = [
    *("icon@2x.png", "a@b", "x@y..com", "@ann", "ann@", "mail me @ home.", "npm i left@1.2.3"),
    *("order 0049 30 1234567", "order no. 212-555-0199", "invoice 0123 456789", "123-456-7890", "+1 000 000 0000"),
    *("2024-01-31", "01/02/2024", "01.02.2024 10:30", "08:00-16:00", "978-3-16-148410-0", "ISBN 0-306-40615-2"),
    *("1,234,567,890.12", "52.520008, 13.404954", "3.141592653589793", "price 100 200 3000", "(2019) 2020-2021"),
    *(
        "4111 1111 1111 1112",
        "4111-1111 1111-1111",
        "0000 0000 0000 0000",
        "1234567890123456",
        "1Z 999 AA1 01 2345 6784",
    ),
    *("DE89 3704 0044 0532 0130 01", "DE8937040044053201300", "XX89370400440532013000"),
    *("192.168.0.1", "127.0.0.1", "version 8.8.8.8", "1.2.3.4.5", "999.8.8.8", "12:30:45", "::"),
    "09061701461",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in REAL.items() for text in texts])
@pytest.mark.parametrize("around", ["{}", "write to {} now", "({}),", "'{}'", '"{}";'])
def test_it_is_found_and_masked(kind, text, around):
    (finding,) = found("personal_data", ["nothing", around.format(text), None])
    assert (finding.rows, finding.suggestions) == ((1,), (around.format(f"[{kind}]"),))
    assert finding.severity == ("info" if kind == "ip" else "warning")
    assert 0 < finding.scores[0] <= 1
    assert found("personal_data", [text], kinds=[one for one in KINDS if one != kind and one != "phone"]) == []


@pytest.mark.parametrize("text", NOT)
def test_what_only_looks_so_is_left_alone(text):
    assert found("personal_data", [text, f"it is {text}, I think"]) == []


def test_a_number_without_separators_needs_a_word_that_says_so():
    (finding,) = found("personal_data", ["call 09061701461 now"])
    assert finding.suggestions == ("call [phone] now",)


def test_a_word_in_capitals_may_follow_an_account():
    (finding,) = found("personal_data", ["GB82 WEST 1234 5698 7654 32 AND MORE"])
    assert finding.suggestions == ("[iban] AND MORE",)


def test_findings_are_per_kind_and_mask_all_at_once():
    text = "ann@example.org, +49 30 1234567, DE89370400440532013000, 4111111111111111, 8.8.8.8"
    findings = found("personal_data", [text])
    assert len(findings) == 5
    assert {one.suggestions for one in findings} == {("[email], [phone], [iban], [card], [ip]",)}


def test_nothing_is_shown_in_the_clear():
    texts = [text for some in REAL.values() for text in some]
    data = Dataset.of(pl.DataFrame({"column": texts}), "rows.csv")
    said = json.dumps([one.as_json(data) for one in found("personal_data", texts)], ensure_ascii=False)
    assert [text for text in texts if text in said] == []


def test_numbers_are_cards_where_most_are():
    cards = [4111111111111111, 5500000000000004, 378282246310005]
    (finding,) = found("personal_data", [*cards, None], "number")
    assert (finding.rows, finding.suggestions) == ((0, 1, 2), (None,) * 3)
    assert found("personal_data", [1_700_000_000_000 + 7 * at for at in range(500)], "number") == []
    assert found("personal_data", list(range(50)), "number") == []


def test_check_digits():
    assert is_luhn("79927398713")
    assert not any(is_luhn(f"7992739871{digit}") for digit in "012456789")
    assert is_card("5105 1051 0510 5100")
    assert not is_card("79927398713")
    assert is_iban("FR14 2004 1010 0505 0001 3M02 606")
    wrong = [f"GB{check:02}WEST12345698765432" for check in range(100) if check != 82]
    assert not any(map(is_iban, wrong))
    assert len(IBAN_LENGTHS) > 80
    assert all(15 <= length <= 34 for length in IBAN_LENGTHS.values())


@pytest.mark.parametrize(
    ("number", "is_known"), [("49", True), ("351", True), ("998", True), ("210", False), ("999", False)]
)
def test_calling_codes(number, is_known):
    assert bool(CALLING.match(number)) == is_known


@pytest.mark.parametrize(
    "text", ["a@" + "a." * 50_000, "1 " * 50_000, "@a" * 50_000, "A" * 100_000, "0:" * 50_000, "+1" * 50_000]
)
def test_a_long_hostile_text_ends(text):
    found("personal_data", [text])
