"""`tunesmith check`: what reaches the terminal and the page, with rows of all kinds."""

import json

import pytest

from tunesmith.cli import main
from tunesmith.commands import _exhibits
from unit.pages.sample_reports import Page

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Check a table of columns; returns (exit code, terminal, JSON, page)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(columns, *options):
        lines = [columns, *zip(*columns.values(), strict=True)]
        quoted = (",".join('"' + str(cell).replace('"', '""') + '"' for cell in line) for line in lines)
        (tmp_path / "rows.csv").write_text("\n".join(quoted) + "\n", "utf-8")
        code = main(["check", "rows.csv", "--report", "page.html", *options])
        said = capsys.readouterr().out
        main(["check", "rows.csv", "--json", *options])
        return code, said, json.loads(capsys.readouterr().out), (tmp_path / "page.html").read_text("utf-8")

    return run


def sentences(*odd, rows=30):
    return [*odd, *(f"the parcel number {at} came late again" for at in range(rows - len(odd)))]


def test_nothing_personal_is_shown_in_the_clear(check):
    secrets = ["ann@mail.example.org", "+49 30 1234567", "4111 1111 1111 1111", "DE89370400440532013000"]
    text = f"call {secrets[1]} or {secrets[0]}, {secrets[2]}, {secrets[3]}, caf\ufffd"
    columns = {"text": sentences(text, *secrets, text), "mail": [secrets[0]] * 30, "label": ["a", "b", secrets[0]] * 10}
    _, said, value, page = check(columns)
    for shown in (said, json.dumps(value), page):
        assert [shown[max(0, shown.find(one) - 80) :][:160] for one in secrets if one in shown] == []
    assert "call [phone] or [email], [card], [iban]" in page
    assert {one["check"] for one in value["findings"]} >= {"personal_data", "contradictions", "scripts"}


def test_what_the_recipe_does_not_look_for_is_not_masked(check, tmp_path):
    (tmp_path / "recipe.yaml").write_text("data: rows.csv\ntarget: label\nchecks: {personal_data: {kinds: [phone]}}\n")
    check({"text": sentences("ann@mail.example.org", "ann@mail.example.org"), "label": ["a", "b"] * 15})
    main(["check", "recipe.yaml", "--report", "page.html"])
    assert "ann@mail.example.org" in (tmp_path / "page.html").read_text("utf-8")


def test_hostile_cells_names_and_files_are_only_text(check):
    picture = f"{HOSTILE}.png".replace("/", "")
    columns = {
        HOSTILE: [HOSTILE, HOSTILE, f"{HOSTILE}\x1b[2J", *sentences(rows=27)],
        "city": [*["Bern"] * 28, "bern", "<b>n/a</b>"],
        "path": [picture] * 30,
        "label": [HOSTILE, "b"] * 15,
    }
    _, said, value, page = check(columns)
    tags = {tag for tag, _ in Page(page).tags}
    assert not tags & {"script", "img", "b>n"}
    assert "\x1b" not in said
    assert next(one["kind"] for one in value["columns"] if one["name"] == "path") == "image"


def test_advice_is_wrapped_below_its_row(check):
    _, said, _, _ = check(
        {"text": sentences("a", "a"), "a column of a very long name, very long": ["x"] * 15 + ["y"] * 15}
    )
    assert max(map(len, said.splitlines())) <= 80
    assert said.splitlines()[0].split() == ["severity", "check", "column", "rows"]
    assert "\n  1 row repeats an earlier row" in said


def test_a_table_of_pictures(check, tmp_path, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    monkeypatch.setattr(_exhibits, "THUMBNAILS", 3)
    for at in range(6):
        image.effect_noise((40 + at, 8), 60).save(tmp_path / f"{at}.png")
    (tmp_path / "6.png").write_bytes(b"nothing")
    code, said, value, page = check({"label": ["a", "b"] * 4, "path": [f"{at}.png" for at in range(8)]})
    assert code == 1
    assert value["target"] == "label"
    pictures = [attributes["src"] for tag, attributes in Page(page).tags if tag == "img"]
    assert len(pictures) in (1, 2, 3)
    assert all(one.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")) for one in pictures)
    assert "✗" in Page(page).text
    assert not any(one["check"] == "id_columns" for one in value["findings"])
    assert "without a file" in " ".join(said.split())


def test_a_contradiction_stands_beside_its_rival(check):
    texts = sentences("it is the same", "it is the same")
    _, _, _, page = check({"text": texts, "label": ["good", "bad", *["good", "bad"] * 14]})
    assert "rows.csv row 2 holds" in Page(page).text
    assert "rows.csv row 1 holds" in Page(page).text


def test_a_page_of_many_columns_stays_small(check):
    columns = {f"column {at}": ["n/a", *(f"{(row * at) % 7} {'x' * 3000}" for row in range(11))] for at in range(60)}
    _, _, _, page = check(columns | {"label": ["a", "b"] * 6})
    assert "and 29 columns more, not shown here" in Page(page).text
    assert len(page) < 12_000_000
