"""Every mistake of a recipe is told at once, with file, line and what was meant."""

import pytest

from tunesmith.core.errors import RecipeError
from tunesmith.recipe import leaves, load


@pytest.fixture
def write(tmp_path):
    def writer(text):
        path = tmp_path / "recipe.yaml"
        path.write_text(text, "utf-8")
        return path

    return writer


def mistakes(path, overrides=()):
    with pytest.raises(RecipeError) as caught:
        load(path, list(overrides))
    return str(caught.value).splitlines()


def test_two_lines_are_enough(write):
    recipe, _ = load(write("data: rows.csv\ntarget: label\n"))
    assert (recipe.data.kind, recipe.data.path, recipe.target, recipe.title()) == ("csv", "rows.csv", "label", "rows")


def test_all_mistakes_are_told_with_their_lines(write):
    path = write(
        "data: rows.csv\ntraget: label\ntrain:\n  epochs: zero\n  optimizer: {kind: adamw, learning_rte: 1}\nseed: -1\n"
    )
    told = mistakes(path)
    assert any(":2: traget: unknown key, did you mean 'target'?" in one for one in told)
    assert any(":4: train.epochs" in one for one in told)
    assert any(":5:" in one and "did you mean 'learning_rate'?" in one for one in told)
    assert any(":6: seed" in one for one in told)
    lines = [int(one.split("recipe.yaml:")[1].split(":")[0]) for one in told]
    assert lines == sorted(lines)


@pytest.mark.parametrize("text", ["1e-3", "0.001", "1.0E-3"])
def test_a_rate_is_a_number_however_it_is_written(write, text):
    recipe, _ = load(write(f"data: r.csv\ntrain: {{optimizer: {{kind: sgd, learning_rate: {text}}}}}\n"))
    assert recipe.train.optimizer.learning_rate == 0.001


@pytest.mark.parametrize(("text", "value"), [("no", "no"), ("on", "on"), ("'007'", "007")])
def test_words_stay_words(write, text, value):
    assert load(write(f"data: r.csv\ntarget: {text}\n"))[0].target == value


def test_overrides_win_and_know_where_they_came_from(write):
    path = write("data: r.csv\nbase: minilm\ntrain: {epochs: 3}\n")
    recipe, text = load(path, ["train.epochs=5", "base.max_tokens=64", "train.optimizer.learning_rate=1e-4"])
    assert (recipe.train.epochs, recipe.base.max_tokens, recipe.train.optimizer.learning_rate) == (5, 64, 1e-4)
    assert text.origin("train.epochs") == "--set"
    assert text.origin("data.path") == f"{path}:1"
    assert text.origin("seed") is None


@pytest.mark.parametrize("override", ["train.epochs", "=3", "train..epochs=3", "seed=[1"])
def test_a_broken_override_says_how_to_write_it(write, override):
    assert "--set" in mistakes(write("data: r.csv\n"), [override])[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("data: [", "no YAML"),
        ("- a\n- b\n", "`key: value`"),
        ("data: a.csv\ndata: b.csv\n", "given twice"),
        ("target: x\n", "data: is required"),
        ("data: rows.xyz\n", "ending '.xyz' is not known"),
        ("data: r.csv\nbase: minilmm\n", "did you mean 'minilm'?"),
        ("data: r.csv\nstrategy: {kind: lora, rank: 0}\n", "greater than or equal to 1"),
    ],
)
def test_each_mistake_has_its_sentence(write, text, says):
    assert any(says in one for one in mistakes(write(text)))


def test_a_missing_recipe_names_its_neighbour(tmp_path):
    (tmp_path / "recipe.yaml").write_text("data: r.csv\n")
    assert "did you mean" in mistakes(tmp_path / "recpie.yaml")[0]


def test_a_folder_or_a_hub_id_is_an_encoder(write):
    assert load(write("data: r.csv\nbase: org/some-model\n"))[0].base.path == "org/some-model"
    assert load(write("data: r.csv\nbase: {kind: ./folder, max_tokens: 9}\n"))[0].base.max_tokens == 9


def test_leaves_are_dotted():
    assert leaves({"a": {"b": 1, "c": {}}, "d": [1]}) == {"a.b": 1, "a.c": {}, "d": [1]}
