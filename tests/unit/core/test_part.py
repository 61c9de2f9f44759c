"""The folder is the registry."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tunesmith.core.part import PARTS_VARIABLE, chosen_from, find, kinds, resolve
from tunesmith.parts.losses import Loss
from tunesmith.parts.optimizers import Optimizer
from tunesmith.parts.strategies import Strategy


def test_kinds_are_the_files_of_the_folder():
    assert {"cross_entropy", "focal", "huber", "squared"} <= set(kinds("parts.losses"))
    assert not any(kind.startswith("_") for kind in kinds("parts.bases"))


def test_a_name_and_a_mapping_become_the_part():
    assert Strategy.model_validate("lora").kind == "lora"
    assert Strategy.model_validate({"kind": "lora", "rank": 4}).rank == 4
    assert Optimizer.model_validate({"learning_rate": 0.1}).kind == "adamw"


def test_a_part_survives_its_own_dump():
    part = Strategy.model_validate({"kind": "freeze", "layers": 2})
    assert resolve("parts.strategies", part.model_dump(mode="json")) == part


@pytest.mark.parametrize("value", ["lorra", {"kind": "lorra"}])
def test_an_unknown_kind_names_the_near_one(value):
    with pytest.raises(ValidationError, match=r"unknown kind 'lorra', did you mean 'lora'\?"):
        Strategy.model_validate(value)


def test_a_value_without_kind_names_the_known_ones():
    with pytest.raises(ValidationError, match="cross_entropy"):
        Loss.model_validate({"gamma": 2})


def test_unknown_keys_and_changes_are_refused():
    with pytest.raises(ValidationError):
        Strategy.model_validate({"kind": "lora", "rnak": 4})
    with pytest.raises(ValidationError):
        Strategy.model_validate("lora").rank = 3


def test_a_field_of_a_family_above_resolves_late():
    part = TypeAdapter(chosen_from("parts.modalities")).validate_python("number")
    assert part.kind == "number"


def test_a_part_from_a_folder_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "losses").mkdir()
    source = "from tunesmith.parts.losses.focal import Focal\n\n\nclass Mine(Focal):\n    extra: int = 3\n"
    (tmp_path / "losses" / "mine.py").write_text(source)
    monkeypatch.setenv(PARTS_VARIABLE, str(tmp_path))
    part = find("parts.losses", "mine")()
    assert (part.kind, part.extra) == ("mine", 3)


def test_a_file_without_a_part_is_refused(tmp_path, monkeypatch):
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "empty.py").write_text("x = 1\n")
    monkeypatch.setenv(PARTS_VARIABLE, str(tmp_path))
    with pytest.raises(Exception, match="exactly one part"):
        find("parts.losses", "empty")
