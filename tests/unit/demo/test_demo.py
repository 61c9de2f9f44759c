"""The demo's data is as its README says: the faults planted, counted without the code that looks for them."""

import csv
from collections import Counter, defaultdict

from tunesmith.demo import data_path

COLUMNS = ["ticket_id", "message", "channel", "order_value", "team"]


def tickets() -> list[dict[str, str]]:
    with data_path().open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def inputs(row: dict[str, str]) -> tuple[str, ...]:
    return row["message"], row["channel"], row["order_value"]


def test_columns_and_values_are_those_described() -> None:
    rows = tickets()
    assert list(rows[0]) == COLUMNS
    assert len(rows) == 604
    assert {row["channel"] for row in rows} == {"email", "chat", "phone note", "web form"}
    assert {row["team"] for row in rows} - {""} == {"billing", "delivery", "returns", "technical", "account"}
    assert all(float(row["order_value"]) > 0 for row in rows if row["order_value"])


def test_every_team_has_rows_enough_to_be_measured() -> None:
    counts = Counter(row["team"] for row in tickets())
    assert min(count for team, count in counts.items() if team) >= 80


def test_planted_faults_are_there_in_the_numbers_promised() -> None:
    rows = tickets()
    assert len({row["ticket_id"] for row in rows}) == len(rows)
    assert sum(not row["message"] for row in rows) == 5
    assert sum(not row["team"] for row in rows) == 3
    assert sum(not row["order_value"] for row in rows) == 40
    same = Counter((*inputs(row), row["team"]) for row in rows)
    assert sum(count - 1 for count in same.values()) == 8
    teams = defaultdict(set)
    for row in rows:
        teams[inputs(row)].add(row["team"])
    assert sum(len(one) > 1 for one in teams.values()) == 4


def test_messages_are_sentences_and_not_the_generator_showing_through() -> None:
    for row in tickets():
        assert not set(row["message"]) & set("{}|\x01\n"), row["ticket_id"]
        assert row["message"] == row["message"].strip()
