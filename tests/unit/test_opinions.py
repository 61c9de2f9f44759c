"""Judges for a recipe's rows: who is asked, when, of which rows, and that a second time costs nothing."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tunesmith import opinions
from tunesmith.commands.check import examine
from tunesmith.core.errors import RecipeError
from tunesmith.core.events import Events
from tunesmith.parts.checks.label_errors import LabelErrors
from tunesmith.recipe import Recipe
from tunesmith.stages import opinion as stage
from tunesmith.story import Run, tell, understand

ROWS, FLIPPED = 300, (5, 77, 140, 201)


def rows(seed=0, count=ROWS):
    generator = np.random.default_rng(seed)
    age, minutes = generator.integers(18, 80, count), generator.random(count) * 100
    stays = age + minutes > 95
    stays[[at for at in FLIPPED if at < count]] ^= True
    city = generator.choice(["Bern", "Basel", "Chur"], count)
    return pl.DataFrame({"age": age, "minutes": minutes, "city": city, "stays": np.where(stays, "yes", "no")})


def ready(folder: Path, frame: pl.DataFrame, **recipe):
    frame.write_csv(folder / "rows.csv")
    return Run(Recipe.model_validate({"data": "rows.csv"} | recipe), folder, folder / "home", Events())


def asked(run):
    """Return the opinion that the checks would get in `check`."""
    return opinions.table(understand(run), run.home, run.events).opinion()


def notes(run):
    return " ".join(one.fields["text"] for one in run.events.seen if one.kind in ("note", "warning"))


def found(run):
    return [one for one in examine(run)[1] if one.check == "label_errors"]


def test_a_table_is_judged_by_its_trees_and_a_linear_head(tmp_path):
    run = ready(tmp_path, rows(), target="stays")
    opinion = asked(run)
    assert opinion.rows.tolist() == list(range(ROWS))
    assert opinion.classes == ("no", "yes")
    assert np.allclose(opinion.probabilities.sum(axis=1), 1)
    assert "gbdt" in opinion.said_by
    labels = (rows()["stays"] == "yes").to_numpy().astype(int)
    own = opinion.probabilities[np.arange(ROWS), labels]
    assert own[list(FLIPPED)].max() < np.median(own)


def test_check_names_flips_and_the_second_time_is_free(tmp_path, monkeypatch):
    frame = rows()
    (first,) = found(ready(tmp_path, frame, target="stays"))
    clear = [at for at in FLIPPED if abs(frame["age"][at] + frame["minutes"][at] - 95) > 15]
    assert set(clear) <= set(first.rows)
    assert first.count < 20
    monkeypatch.setattr(stage, "linear", lambda *_: pytest.fail("nothing is fitted twice"))
    again = ready(tmp_path, frame, target="stays")
    assert found(again) == [first]
    assert "kept" in notes(again)


def test_another_label_is_another_opinion(tmp_path, monkeypatch):
    asked(ready(tmp_path, rows(), target="stays"))
    monkeypatch.setattr(stage, "linear", lambda *_: 1 / 0)
    frame = rows()
    frame[3, "stays"] = "no" if frame["stays"][3] == "yes" else "yes"
    with pytest.raises(ZeroDivisionError):
        asked(ready(tmp_path, frame, target="stays"))


def test_texts_are_judged_with_the_frozen_base_and_their_words(tmp_path):
    subjects = ("the parcel", "my invoice", "the app", "your courier", "this kettle", "the refund")
    good, bad = (
        ("works like a charm", "made us happy", "is simply great"),
        ("broke at once", "made us angry", "is awful"),
    )
    lines = [(f"{one} {more}", "good") for one in subjects for more in good]
    lines += [(f"{one} {more}", "bad") for one in subjects for more in bad]
    frame = pl.DataFrame(lines, schema=["review", "label"], orient="row")
    opinion = asked(ready(tmp_path, frame, target="label"))
    assert "frozen minilm" in opinion.said_by
    assert "words" in opinion.said_by
    answers = np.array(opinion.classes)[opinion.probabilities.argmax(axis=1)]
    assert (answers == frame["label"].to_numpy()).mean() > 0.8


def test_a_fine_tuned_base_is_trained_in_every_fold(tmp_path):
    how = {"label_errors": {"by": "fine_tuned", "folds": 2}}
    train = {"epochs": 1, "engine": {"kind": "local", "run_on": "cpu", "precision": "fp32"}}
    run = ready(tmp_path, rows(), target="stays", base="tabular_net", train=train, checks=how)
    opinion = asked(run)
    assert "the fine-tuned tabular_net, in 2 folds" in opinion.said_by
    assert sum(one.stage == "train" and one.kind == "end" for one in run.events.seen) == 2
    assert "the base is trained 2 times" in notes(run)
    assert not list((tmp_path / "home").glob("runs/*"))


def test_equal_rows_are_judged_together(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stage, "_quick", lambda panel, folds, events: seen.append(folds.fold) or [np.full((600, 2), 0.5)]
    )
    asked(ready(tmp_path, pl.concat([rows(), rows()]), target="stays"))
    assert (seen[0][:ROWS] == seen[0][ROWS:]).all()
    assert len(set(seen[0])) == 5


def test_groups_of_the_split_are_judged_together(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stage, "_quick", lambda panel, folds, events: seen.append(folds.fold) or [np.full((300, 2), 0.5)]
    )
    frame = rows().with_columns(customer=pl.Series([f"c{at // 10}" for at in range(ROWS)]))
    asked(ready(tmp_path, frame, target="stays", split={"group": "customer"}))
    assert (seen[0].reshape(30, 10) == seen[0][::10, None]).all()


def test_rows_given_for_testing_teach_nothing(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stage, "_quick", lambda panel, folds, events: seen.append(folds.fold) or [np.full((400, 2), 0.5)]
    )
    rows(1, 100).write_csv(tmp_path / "test.csv")
    run = ready(tmp_path, rows(), target="stays")
    split = Recipe.model_validate(
        {"data": {"kind": "csv", "path": {"train": "rows.csv", "test": "test.csv"}}, "target": "stays"}
    )
    opinion = asked(Run(split, tmp_path, run.home, run.events))
    assert opinion.rows.tolist() == list(range(400))
    assert sorted(set(seen[0][:ROWS])) == [0, 1, 2, 3, 4]
    assert set(seen[0][ROWS:]) == {-1}


def test_before_a_training_only_its_training_rows_teach(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stage, "_quick", lambda panel, folds, events: seen.append(folds.fold) or [np.full((300, 2), 0.5)]
    )
    run = ready(tmp_path, rows(), target="stays", clean={"label_errors": "drop"})
    opinions.table(understand(run), run.home, run.events, is_training=True).opinion()
    assert 60 < (seen[0] == -1).sum() < 120
    assert set(seen[0]) == {-1, 0, 1, 2, 3, 4}


def test_a_training_drops_what_is_probably_wrong_from_its_training_rows_alone(tmp_path):
    frame = rows()
    plain = tell(ready(tmp_path, frame, target="stays", base={"kind": "gbdt", "iterations": 20}, name="plain"))
    mended = {"name": "mended", "clean": {"label_errors": "drop"}}
    run = ready(tmp_path, frame, target="stays", base={"kind": "gbdt", "iterations": 20}, **mended)
    counts = [version.report.values["rows"] for version in (plain, tell(run))]
    assert counts[1]["train"] < counts[0]["train"]
    assert all(counts[0][name] == counts[1][name] for name in ("validation", "test"))


def test_near_rows_are_judged_together(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        stage, "_quick", lambda panel, folds, events: seen.append(folds.fold) or [np.full((80, 2), 0.5)]
    )
    base = [
        f"the parcel number {at * 7919} of {['red', 'green', 'blue'][at % 3]} shoes never came to my house"
        for at in range(40)
    ]
    frame = pl.DataFrame({"review": [*base, *(f"{one}!" for one in base)], "label": ["good", "bad"] * 40})
    asked(ready(tmp_path, frame, target="label"))
    together = (seen[0][:40] == seen[0][40:]) | (seen[0][:40] == -1) | (seen[0][40:] == -1)
    assert together.all()


def test_rows_without_a_label_are_not_judged(tmp_path):
    frame = rows()
    frame[[0, 9], "stays"] = None
    assert set(range(ROWS)) - set(asked(ready(tmp_path, frame, target="stays")).rows.tolist()) == {0, 9}


def test_columns_without_any_value_are_no_trouble(tmp_path):
    frame = rows().with_columns(nothing=pl.lit(None, pl.String), none=pl.lit(None, pl.Float64))
    inputs = {"age": "number", "minutes": "number", "nothing": "category", "none": "number"}
    frame.write_csv(tmp_path / "rows.csv")
    recipe = Recipe.model_validate({"data": {"kind": "csv", "path": "rows.csv", "inputs": inputs}, "target": "stays"})
    run = Run(recipe, tmp_path, tmp_path / "home", Events())
    assert found(run)


def test_of_many_rows_some_are_judged_and_that_is_said(tmp_path):
    opinion = asked(ready(tmp_path, rows(), target="stays", checks={"label_errors": {"most_rows": 100}}))
    assert len(opinion.rows) == 100
    assert "100 of 300 labelled rows" in opinion.said_by


def test_values_get_expected_values(tmp_path):
    generator = np.random.default_rng(4)
    area = generator.random(200) * 100
    frame = pl.DataFrame({"area": area, "price": np.round(area * 2.25 + generator.normal(size=200), 2)})
    opinion = asked(ready(tmp_path, frame, target="price", task="regression"))
    assert opinion.classes == ()
    assert np.corrcoef(opinion.probabilities[:, 0], frame["price"])[0, 1] > 0.95


def test_several_labels_a_row(tmp_path):
    frame = rows().with_columns(tags=pl.when(pl.col("age") > 50).then(pl.lit("old|x")).otherwise(pl.lit("x|y")))
    opinion = asked(ready(tmp_path, frame.drop("stays"), target="tags", task="multilabel"))
    assert opinion.classes == ("old", "x", "y")
    assert ((opinion.probabilities[:, 0] > 0.5) == (frame["age"] > 50).to_numpy()).mean() > 0.9


@pytest.mark.parametrize(
    ("frame", "why"),
    [(rows(count=12), "12 rows have a label"), (rows().with_columns(stays=pl.int_range(ROWS)), "classes")],
)
def test_rows_that_let_nobody_judge_are_said_to_be_so(tmp_path, frame, why):
    run = ready(tmp_path, frame, target="stays", task="classification")
    assert found(run) == []
    assert "no label was judged" in notes(run)
    assert why in notes(run)


def test_a_training_asks_nobody_unless_its_recipe_does(tmp_path):
    some = (
        ({}, False),
        ({"checks": {"label_errors": {}}}, True),
        ({"checks": {"label_errors": "off"}}, False),
        ({"clean": {"label_errors": "drop"}}, True),
        ({"clean": {"label_errors": "keep"}}, False),
    )
    for recipe, is_asked in some:
        run = ready(tmp_path, rows(), target="stays", **recipe)
        table = opinions.table(understand(run), run.home, run.events, is_training=True)
        assert (table.opinion is not None) == is_asked
    off = ready(tmp_path, rows(), target="stays", checks={"label_errors": "off"})
    assert opinions.table(understand(off), off.home, off.events).opinion is None


def test_folds_are_not_trained_by_several_processes(tmp_path, monkeypatch):
    monkeypatch.setattr("tunesmith.parts.engines.local.Local.world", property(lambda self: 2))
    how = {"label_errors": LabelErrors(by="fine_tuned")}
    run = ready(tmp_path, rows(), target="stays", checks=how)
    with pytest.raises(RecipeError, match="one process"):
        opinions.table(understand(run), run.home, run.events)
