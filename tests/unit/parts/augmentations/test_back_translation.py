"""There and back through tiny models: each text once, kept, whoever stands beside it."""

import polars as pl
import pytest
import torch

from tunesmith.core.draws import Draws
from tunesmith.core.errors import DataError, NotFoundError, RecipeError
from tunesmith.core.part import resolve
from tunesmith.data.store import ArrayStore
from tunesmith.parts.augmentations import Place, Question, _translation
from tunesmith.parts.augmentations.back_translation import BackTranslation
from tunesmith.stages.augment import check
from tunesmith.testing import tiny

TEXTS = pl.Series("note", [f"order {at} is {word}" for at, word in enumerate(("fine", "late", "poor") * 5)])
DRAWS = Draws.of(TEXTS.to_list())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tiny.save_translator(folder / "there", 1)
    tiny.save_translator(folder / "back", 2)
    return folder


@pytest.fixture
def seen(monkeypatch):
    """The batches that were translated, one after another."""
    batches = []
    right = _translation.translate

    def translate(folder, some, how, advance):
        batches.extend(some)
        return right(folder, some, how, advance)

    monkeypatch.setattr(_translation, "translate", translate)
    return batches


def part(**more):
    return BackTranslation(there="there", back="back", max_tokens=6, batch_size=4, **more)


def test_texts_become_others_each_translated_once(folder, seen):
    change = part().build(TEXTS, Place(folder))
    once = change(TEXTS, DRAWS)
    assert not once.equals(TEXTS)
    assert len(seen) == 2 * 4, "four batches of at most four, there and back"
    assert change(TEXTS, DRAWS).equals(once)
    assert len(seen) == 8


def test_a_batch_is_the_same_whichever_rows_are_shown(folder, seen):
    whole = part().build(TEXTS, Place(folder))(TEXTS, DRAWS)
    batches = {one for one in seen if one[0] in set(TEXTS)}
    seen.clear()
    few = TEXTS[[7, 2]]
    found = part().build(TEXTS.reverse(), Place(folder))(few, DRAWS)
    assert found.equals(whole[[7, 2]])
    assert {one for one in seen if one[0] in set(TEXTS)} < batches


def test_kept_translations_are_taken_from_the_store(folder, seen, tmp_path):
    place = Place(folder, ArrayStore(tmp_path, 1 << 20))
    once = part().build(TEXTS, place)(TEXTS, DRAWS)
    seen.clear()
    assert part().build(TEXTS, place)(TEXTS, DRAWS).equals(once)
    assert seen == []
    part(beams=2).build(TEXTS, place)(TEXTS, DRAWS)
    assert seen, "other settings are other translations"


def test_random_numbers_stay_where_they_are(folder):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    part().build(TEXTS, Place(folder))(TEXTS, DRAWS)
    assert torch.get_rng_state().equal(before)


def test_a_missing_folder_is_told_before_anything_is_done(folder):
    with pytest.raises(NotFoundError, match=r"nowhere: there is no such folder.*MarianMT"):
        BackTranslation(there="there", back="nowhere").build(TEXTS, Place(folder))


def test_a_folder_without_a_model_is_told(folder, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(DataError, match=r"no config\.json"):
        part().build(TEXTS, Place(tmp_path))
    tiny.save(tmp_path / "there")
    tiny.save_translator(tmp_path / "back")
    with pytest.raises(DataError, match="no sequence-to-sequence model could be loaded"):
        part().build(TEXTS, Place(tmp_path))(TEXTS, DRAWS)


def test_it_comes_before_what_changes_the_same_column():
    question = Question({"note": "text", "age": "number"}, "label", "class")
    typo, noise = (resolve("parts.augmentations", one) for one in ("typo", "number_noise"))
    check([noise, part(), typo], question, "minilm", False)
    with pytest.raises(
        RecipeError, match=r"augment\.1: back_translation reads column 'note'.*put back_translation first"
    ):
        check([typo, part()], question, "minilm", False)
