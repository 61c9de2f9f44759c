"""Detectors from transformers: the families load, their own boxes are the first answer, nothing starts at random."""

import json

import numpy as np
import pytest
import torch
import transformers

from tunesmith.core.errors import DataError
from tunesmith.data import Encoded
from tunesmith.data.encoded import Ragged
from tunesmith.model.network import Net, Network
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases.detr import Detr
from tunesmith.testing import tiny
from tunesmith.testing.images import pictures

SHAPE = Shape(images=((32, 48),), reads="object")
RESNET = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}


def detr():
    backbone = transformers.ResNetConfig(**RESNET, out_features=["stage4"])
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 2, "num_queries": 7, "num_labels": 4}
    feet = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in FEET.items()}
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, **sizes, **feet
    )
    return transformers.DetrForObjectDetection(config)


def rt_detr():
    backbone = transformers.RTDetrResNetConfig(**RESNET, out_features=["stage2", "stage3", "stage4"])
    config = transformers.RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 16, 16],
        d_model=16,
        decoder_in_channels=[16, 16, 16],
        num_queries=9,
        decoder_layers=1,
        num_labels=4,
        decoder_attention_heads=2,
        encoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        decoder_n_points=2,
    )
    return transformers.RTDetrForObjectDetection(config)


FEET = {"ffn_dim": 16, "attention_heads": 2}
FAMILIES = {"detr": (detr, 7), "rt_detr": (rt_detr, 9)}


@pytest.fixture(params=["detr", "rt_detr", "yolos"])
def saved(request, tmp_path):
    torch.manual_seed(3)
    if request.param == "yolos":
        tiny.save_detector(tmp_path)
        return tmp_path, 6
    make, queries = FAMILIES[request.param]
    make().save_pretrained(tmp_path)
    size = {"height": 64, "width": 64} if request.param == "rt_detr" else {"shortest_edge": 64, "longest_edge": 96}
    told = {"size": size, "image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    return tmp_path, queries


def rows(body, count=3):
    return Encoded(tuple("abc"[:count]), body.prepare({"image": pictures(np.arange(count, dtype=float), "detr")}))


def test_the_first_answer_holds_the_detectors_own_boxes(saved):
    folder, queries = saved
    body = Detr(path=str(folder)).build(SHAPE, 0)
    network = Network(Net({"body": body}, 3 + 4, 0.0, 0), SHAPE, "body", torch.device("cpu"))
    encoded = rows(body)
    found = network.outputs(encoded)
    assert isinstance(found, Ragged)
    assert found.lengths.tolist() == [queries] * 3
    again = transformers.AutoModelForObjectDetection.from_pretrained(folder).eval()
    with torch.no_grad():
        own = again(pixel_values=body.collate(encoded.inputs, np.arange(3))["pixels"]).pred_boxes.double().numpy()
    corners = np.clip(own[..., :2] - own[..., 2:] / 2, 0, 1)
    ends = np.clip(own[..., :2] + own[..., 2:] / 2, 0, 1)
    expected = np.concatenate([corners, ends - corners], axis=2) * np.tile(encoded.inputs["sizes"], 2)[:, None]
    assert found.values[:, -4:].reshape(expected.shape) == pytest.approx(expected, abs=1e-2)


def test_every_family_comes_back_from_its_assets(saved):
    folder, _ = saved
    base = Detr(path=str(folder))
    body = base.build(SHAPE, 0)
    again = base.restore(SHAPE, body.assets())
    again.load_state_dict(body.state_dict())
    encoded = rows(body)
    tensors = body.collate(encoded.inputs, np.arange(3))
    with torch.no_grad():
        assert torch.equal(body.eval()(tensors), again.eval()(tensors))


def test_every_weight_has_its_depth_and_most_move(saved):
    body = Detr(path=str(saved[0])).build(SHAPE, 0)
    depths = body.layers()
    assert len(depths) >= 3
    held = [id(one) for depth in depths for module in depth for one in module.parameters()]
    assert {id(one) for one in body.parameters()} == set(held)
    body.train()
    body(body.collate(rows(body).inputs, np.arange(3))).sum().backward()
    moved = [one.grad is not None for one in body.parameters() if one.requires_grad]
    assert np.mean(moved) > 0.8


def test_the_side_keeps_the_usual_proportions(saved):
    assert Detr(path=str(saved[0]), side=96).build(SHAPE, 0).view.height == 64
    assert Detr(path=str(saved[0]), side=96).build(SHAPE, 0).view.short_side is None


def test_a_weight_that_is_missing_is_refused(tmp_path):
    tiny.save_detector(tmp_path)
    from safetensors.torch import load_file, save_file

    weights = load_file(tmp_path / "model.safetensors")
    save_file({k: v for k, v in weights.items() if not k.startswith("bbox_predictor")}, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match=r"weights are not in the file.*bbox_predictor"):
        Detr(path=str(tmp_path)).build(SHAPE, 0)


def test_what_is_no_detector_is_refused(tmp_path):
    tiny.save_network(tmp_path)
    with pytest.raises(DataError, match="no detector of a known family but a resnet"):
        Detr(path=str(tmp_path)).build(SHAPE, 0)
    with pytest.raises(DataError, match="no detector could be loaded"):
        Detr(path=str(tmp_path / "nowhere")).build(SHAPE, 0)
