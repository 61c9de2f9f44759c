"""Networks for images from transformers: the vector is what the family's own classifier reads; nothing is random."""

import json
import shutil

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from tunesmith.core.errors import DataError, RecipeError
from tunesmith.core.part import resolve
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._processor import view_of
from tunesmith.parts.bases.hf_vision import HfVision

SIZE = 32
TINY = {
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 12], "depths": [1, 2], "layer_type": "basic"},
    "mobilenet_v2": {"depth_multiplier": 0.25, "image_size": SIZE},
    "convnext": {"hidden_sizes": [8, 12], "depths": [1, 2], "num_stages": 2},
    "convnextv2": {"hidden_sizes": [8, 12], "depths": [1, 2], "num_stages": 2},
    "swin": {"embed_dim": 8, "depths": [1, 2], "num_heads": [2, 2], "window_size": 4, "image_size": SIZE},
    "swinv2": {"embed_dim": 8, "depths": [1, 2], "num_heads": [2, 2], "window_size": 4, "image_size": SIZE},
    "vit": {},
    "deit": {},
    "dinov2": {},
}
TOKENS = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": SIZE, "patch_size": 8}
LAYERS = {"mobilenet_v2": 16}
PROCESSOR = {
    "size": {"height": SIZE, "width": SIZE},
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
    "resample": 3,
}


@pytest.fixture(scope="module", params=sorted(TINY))
def saved(request, tmp_path_factory):
    """Return (folder, classifier): a tiny model of a family as its own classifier saves it."""
    fields = TINY[request.param] or TOKENS | {"intermediate_size": 24}
    folder = tmp_path_factory.mktemp(request.param)
    return folder, classifier(request.param, fields, folder)


def classifier(family, fields, folder):
    torch.manual_seed(4)
    config = transformers.AutoConfig.for_model(family, num_labels=5, **fields)
    config.architectures = ["DeiTForImageClassification"] if family == "deit" else None
    model = transformers.AutoModelForImageClassification.from_config(config).eval()
    for name, one in model.named_buffers():
        if name.endswith("running_mean"):
            one.normal_(std=0.1)
        elif name.endswith("running_var"):
            one.uniform_(0.5, 1.5)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    return model


def rows(count=4, size=SIZE):
    return {"pixels": np.random.default_rng(1).integers(0, 256, (count, size, size, 3), np.uint8)}


def vectors(body, inputs):
    body.eval()
    with torch.no_grad():
        return body(body.collate(inputs, np.arange(len(inputs["pixels"]))))


def test_vectors_are_what_the_classifier_of_the_family_reads(saved):
    folder, model = saved
    body = HfVision(path=str(folder)).build(Shape(), 0)
    found = vectors(body, rows())
    assert found.shape == (4, body.width)
    pixels = (torch.from_numpy(rows()["pixels"]) / 255 - torch.tensor([0.5, 0.4, 0.3])) / torch.tensor([0.2, 0.3, 0.4])
    with torch.no_grad():
        expected = model(pixel_values=pixels.permute(0, 3, 1, 2)).logits
        told = model.classifier(found[:, :, None, None] if folder.name.startswith("resnet") else found)
    torch.testing.assert_close(told, expected, rtol=1e-4, atol=1e-5)


def test_layers_hold_every_weight_once_and_the_blocks_are_counted(saved):
    folder, model = saved
    body = HfVision(path=str(folder)).build(Shape(), 0)
    depths = body.layers()
    assert len(depths) == 1 + LAYERS.get(model.config.model_type, 3)
    held = [id(one) for depth in depths for module in depth for one in module.parameters()]
    assert sorted(held) == sorted(id(one) for one in body.parameters())
    assert all(depths)


def test_every_weight_that_may_move_takes_part(saved):
    folder, _ = saved
    body = HfVision(path=str(folder)).build(Shape(), 0).train()
    body(body.collate(rows(), np.arange(4))).square().mean().backward()
    idle = [name for name, one in body.named_parameters() if one.requires_grad and one.grad is None]
    assert not idle


def test_a_version_comes_back_without_the_folder(saved):
    folder, _ = saved
    base = HfVision(path=str(folder), size=48)
    body = base.build(Shape(), 0)
    state = torch.random.get_rng_state()
    again = HfVision(path="gone", size=48).restore(Shape(), body.assets())
    assert torch.random.get_rng_state().equal(state)
    again.load_state_dict(body.state_dict())
    assert vectors(body, rows(size=48)).equal(vectors(again, rows(size=48)))
    assert again.describe() == body.describe()
    assert str(folder) not in body.assets()["base/vision.json"].decode()


def test_a_folder_with_such_a_model_stands_for_the_kind(saved):
    folder, _ = saved
    base = resolve("parts.bases", str(folder))
    assert isinstance(base, HfVision)
    assert base.path == str(folder)


@pytest.fixture
def folder(tmp_path):
    classifier("resnet", TINY["resnet"], tmp_path / "model")
    return tmp_path / "model"


def test_a_weight_that_is_missing_is_refused_instead_of_drawn(folder):
    weights = load_file(folder / "model.safetensors")
    name = next(one for one in weights if one.endswith("convolution.weight"))
    save_file({key: one for key, one in weights.items() if key != name}, folder / "model.safetensors")
    with pytest.raises(DataError, match=r"1 weights are not in the file .*such as .*convolution\.weight"):
        HfVision(path=str(folder)).build(Shape(), 0)


def test_a_weight_of_another_shape_is_refused(folder):
    weights = load_file(folder / "model.safetensors")
    name = next(one for one in weights if one.endswith("convolution.weight"))
    save_file(weights | {name: torch.zeros(1, 3, 7, 7)}, folder / "model.safetensors")
    with pytest.raises(DataError, match=r"no network for images could be loaded|another shape"):
        HfVision(path=str(folder)).build(Shape(), 0)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_a_folder_without_a_file_is_refused(folder, file):
    (folder / file).unlink()
    with pytest.raises(DataError, match="no network for images could be loaded from this folder"):
        HfVision(path=str(folder)).build(Shape(), 0)


def test_weights_cut_short_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match="no network for images could be loaded"):
        HfVision(path=str(folder)).build(Shape(), 0)


def test_a_model_for_texts_is_refused(tmp_path):
    transformers.BertConfig().save_pretrained(tmp_path)
    with pytest.raises(DataError, match="known family but a bert; known are resnet"):
        HfVision(path=str(tmp_path)).build(Shape(), 0)
    assert resolve("parts.bases", str(tmp_path)).kind == "hf_encoder"


def test_a_config_that_is_no_json_stands_for_an_encoder(tmp_path):
    (tmp_path / "config.json").write_text("{")
    assert resolve("parts.bases", str(tmp_path)).kind == "hf_encoder"


def test_a_name_that_is_nowhere_is_refused():
    with pytest.raises(DataError, match="could be loaded from this name"):
        HfVision(path="nobody/has-this").build(Shape(), 0)


def test_a_policy_without_batch_norms_is_refused(tmp_path):
    classifier("vit", TOKENS | {"intermediate_size": 24}, tmp_path)
    with pytest.raises(RecipeError, match=r"base\.batch_norm: trained: this base has no batch norm"):
        HfVision(path=str(tmp_path), batch_norm="trained").build(Shape(), 0)
    body = HfVision(path=str(tmp_path)).build(Shape(), 0).train()
    plain = vectors(body, rows())
    body.save_memory()
    torch.testing.assert_close(vectors(body, rows()), plain)


def test_memory_cannot_be_saved_where_transformers_cannot(folder):
    with pytest.raises(RecipeError, match="transformers' resnet cannot"):
        HfVision(path=str(folder)).build(Shape(), 0).save_memory()


SCALE = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}


@pytest.mark.parametrize(
    ("processor", "family", "expected"),
    [
        ({"size": 224}, "vit", (224, 224, None)),
        ({"size": {"height": 32, "width": 48}}, "swin", (32, 48, None)),
        ({"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": 224}, "mobilenet_v2", (224, 224, 256)),
        (
            {"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}},
            "dinov2",
            (224, 224, 256),
        ),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, "convnext", (224, 224, 256)),
        ({"size": {"shortest_edge": 224}, "crop_pct": None}, "resnet", (224, 224, 224)),
        ({"size": {"shortest_edge": 384}, "crop_pct": None}, "convnext", (384, 384, None)),
        ({"size": 224, "crop_pct": 0.875}, "convnext", (224, 224, 256)),
    ],
)
def test_the_size_that_a_processor_makes(processor, family, expected):
    view = view_of(processor | SCALE, family, "model", None)
    assert (view.height, view.width, view.short_side) == expected
    assert view.interpolation == "bilinear"


def test_another_size_keeps_the_share_that_is_cut_off():
    processor = {"size": {"shortest_edge": 256}, "do_center_crop": True, "crop_size": 224, "resample": 3} | SCALE
    view = view_of(processor, "dinov2", "model", 112)
    assert (view.height, view.width, view.short_side, view.interpolation) == (112, 112, 128, "bicubic")


@pytest.mark.parametrize(
    ("fields", "of"),
    [
        ({}, lambda value: (value / 255 - 0.5) / 0.25),
        ({"rescale_factor": 1 / 127.5}, lambda value: (value / 127.5 - 0.5) / 0.25),
        ({"do_normalize": False}, lambda value: value / 255),
        ({"do_rescale": False}, lambda value: (value - 0.5) / 0.25),
    ],
)
def test_the_scale_that_a_processor_makes(fields, of):
    view = view_of({"size": 8, "image_mean": [0.5] * 3, "image_std": [0.25] * 3} | fields, "vit", "model", None)
    for value in (0, 100, 255):
        assert (value / 255 - view.mean[0]) / view.deviation[0] == pytest.approx(of(value))


@pytest.mark.parametrize(
    "processor",
    [
        SCALE,
        {"size": {}} | SCALE,
        {"size": 8},
        {"size": 8, "resample": 0} | SCALE,
        {"size": 8, "image_mean": [0.5], "image_std": [0.5]},
        {"size": {"height": 9, "width": 9}, "do_center_crop": True, "crop_size": 8} | SCALE,
    ],
)
def test_a_processor_that_does_not_say_it_is_refused(processor):
    with pytest.raises(DataError, match=r"base 'model': its preprocessor_config\.json does not say"):
        view_of(processor, "vit", "model", None)


def test_the_folder_is_not_changed(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "before")
    HfVision(path=str(folder)).build(Shape(), 0)
    assert sorted(one.name for one in folder.iterdir()) == sorted(one.name for one in (tmp_path / "before").iterdir())
