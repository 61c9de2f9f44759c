"""Files of plain weights: read whole or refused, never run; what they classified, they still classify."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tunesmith.core.errors import DataError, RecipeError
from tunesmith.core.part import resolve
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._architectures import ARCHITECTURES, load
from tunesmith.parts.bases._weights import read
from tunesmith.parts.bases.local import Local

CLASSES = 10


def state(name="cifar_resnet20", classes=CLASSES):
    """Return a whole file's weights, with statistics as a training leaves them."""
    torch.manual_seed(2)
    architecture = ARCHITECTURES[name]
    body = architecture.make()
    found = dict(body.state_dict())
    for key, one in found.items():
        if key.endswith("running_mean"):
            one.normal_(std=0.1)
        elif key.endswith("running_var"):
            one.uniform_(0.5, 1.5)
    found[f"{architecture.head}.weight"] = torch.randn(classes, body.width) * 0.1
    found[f"{architecture.head}.bias"] = torch.randn(classes)
    return found


@pytest.fixture(scope="module")
def weights():
    return state()


@pytest.fixture
def path(tmp_path, weights):
    torch.save(weights, tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


def built(path, **fields):
    return Local(path=str(path), **fields).build(Shape(), 0)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "resnet50", "cifar_resnet20", "cifar_resnet56"])
def test_architecture_is_told_by_the_file(tmp_path, name):
    torch.save(state(name, 3), tmp_path / "weights.pt")
    found, body, head = load(tmp_path / "weights.pt", None)
    assert found == name
    assert head.weight.shape == (3, body.width)
    assert body(torch.zeros(1, 3, 64, 64)).shape == (1, body.width)
    held = [one for depth in body.depths() for module in depth for one in module.state_dict().values()]
    assert len(held) == len(body.state_dict())


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name.startswith("resnet")])
def test_sizes_are_those_that_torchvision_states(name):
    """Weights without the classifier, from torchvision's table of models less 1000 classes."""
    stated = {"resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032}[name]
    body = ARCHITECTURES[name].blank()
    assert sum(one.numel() for one in body.parameters()) == stated - 1000 * (body.width + 1)


def test_the_same_weights_in_every_wrapping(tmp_path, weights):
    old = {name: one for name, one in weights.items() if not name.endswith("num_batches_tracked")}
    torch.save(weights, tmp_path / "plain.pt")
    torch.save({name: one.half() for name, one in weights.items()}, tmp_path / "half.pt")
    wrapped = {"state_dict": {f"module.{name}": one for name, one in old.items()}, "best_prec1": 91.7}
    torch.save(wrapped, tmp_path / "parallel.th", _use_new_zipfile_serialization=False)
    save_file(weights, tmp_path / "model.safetensors")
    bodies = {one.name: load(one, "cifar_resnet20")[1] for one in tmp_path.iterdir()}
    expected = bodies["plain.pt"].state_dict()
    assert len(bodies) == 4
    for name, body in bodies.items():
        for key, one in body.state_dict().items():
            assert one.dtype == expected[key].dtype, (name, key)
            torch.testing.assert_close(one, expected[key], rtol=1e-3, atol=1e-3)


class Trap:
    """Runs code when unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("trapped"),))


def saved(path, content):
    torch.save(content, path)


def written(path, content):
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("write", "content", "fact"),
    [
        (written, b"", "cannot be read as weights|holds more than tensors"),
        (written, b"not weights at all", "cannot be read as weights|holds more than tensors"),
        (written, pickle.dumps({"a": Trap()}), "would run code"),
        (saved, {"state_dict": Trap()}, "would run code"),
        (saved, {"epoch": 3, "lr": 0.1}, "no weights by name but a dict with 'epoch', 'lr'"),
        (saved, [torch.zeros(3)], "no weights by name but a list"),
        (saved, {}, "nothing in it"),
        (saved, {"weight": torch.zeros(3)}, "of no architecture known here"),
    ],
)
def test_what_is_no_file_of_weights_is_refused(tmp_path, monkeypatch, write, content, fact):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pt"
    write(path, content)
    with pytest.raises(DataError, match=fact) as refusal:
        built(path)
    assert str(path) in str(refusal.value)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.99, 0.9999])
def test_a_file_cut_short_is_refused(tmp_path, weights, is_zip, share):
    whole = io.BytesIO()
    torch.save(weights, whole, _use_new_zipfile_serialization=is_zip)
    path = tmp_path / "weights.pt"
    path.write_bytes(whole.getvalue()[: int(share * whole.tell())])
    with pytest.raises(DataError, match=r"weights\.pt: (cannot be read|holds more)"):
        built(path)


def test_safetensors_cut_short_is_refused(tmp_path, weights):
    path = tmp_path / "model.safetensors"
    save_file(weights, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="cannot be read as weights"):
        built(path)


@pytest.mark.parametrize("where", ["nothing.pt", "."])
def test_no_file_is_refused(tmp_path, where):
    with pytest.raises(DataError, match=r"does not exist|is a folder"):
        built(tmp_path / where)


def test_missing_foreign_and_misshapen_weights_are_named(path, weights):
    lame = {name: one for name, one in weights.items() if name != "layer2.1.conv1.weight"}
    lame |= {"extra.bias": torch.zeros(1), "conv1.weight": torch.zeros(8, 3, 3, 3)}
    torch.save(lame, path)
    with pytest.raises(DataError) as refusal:
        built(path)
    said = str(refusal.value)
    assert "missing layer2.1.conv1.weight" in said
    assert "unexpected extra.bias" in said
    assert "'conv1.weight' has shape (8, 3, 3, 3) instead of (16, 3, 3, 3)" in said
    assert "cifar_resnet20 being nearest" in said


def test_weights_of_another_architecture_than_asked_for_are_refused(path):
    with pytest.raises(DataError, match=r"not those of cifar_resnet32: missing layer1\.3"):
        built(path, architecture="cifar_resnet32")


def test_weights_that_are_no_numbers_are_refused(path, weights):
    torch.save(weights | {"bn1.bias": torch.full((16,), float("nan"))}, path)
    with pytest.raises(DataError, match=r"'bn1\.bias' are not finite"):
        built(path)


def test_a_file_of_weights_and_its_ending_stand_for_the_kind(path):
    base = resolve("parts.bases", str(path))
    assert isinstance(base, Local)
    assert base.path == str(path)


def pixels(rows=6, size=32):
    return {"pixels": np.random.default_rng(0).integers(0, 256, (rows, size, size, 3), np.uint8)}


def test_size_and_assets_come_back(path):
    base = Local(path=str(path), size=48)
    body = base.build(Shape(), 0).eval()
    assert (body.view.height, body.view.width, body.view.short_side) == (48, 48, 48)
    again = Local(path="gone.pt", size=48).restore(Shape(), body.assets())
    again.load_state_dict(body.state_dict())
    rows, all_of_them = pixels(size=48), np.arange(6)
    with torch.no_grad():
        assert body(body.collate(rows, all_of_them)).equal(again.eval()(again.collate(rows, all_of_them)))
    assert again.describe() == body.describe()


def test_layers_run_anew_give_the_same_gradient(path):
    bodies = [built(path).train() for _ in range(2)]
    bodies[1].save_memory()
    for body in bodies:
        body(body.collate(pixels(2, 16), np.arange(2))).square().mean().backward()
    for (name, one), other in zip(bodies[0].named_parameters(), bodies[1].parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, msg=name)


def test_layers_run_anew_and_statistics_that_move_exclude_each_other(path):
    with pytest.raises(RecipeError, match="count each batch twice"):
        built(path, batch_norm="trained").save_memory()


def test_adapting_takes_the_statistics_of_all_rows_whatever_their_order(path):
    rows = pixels(90)
    rows["pixels"][45:] //= 4  # dark ones last, as a folder's classes come one after the other
    frozen, adapted = built(path), built(path, batch_norm="re_estimated")
    before = {name: one.clone() for name, one in frozen.named_buffers()}
    frozen.adapt(rows)
    assert all(before[name].equal(one) for name, one in frozen.named_buffers())
    adapted.adapt(rows)
    raw = torch.nn.functional.conv2d(
        adapted.collate(rows, np.arange(90))["pixels"], adapted.body.conv1.weight, padding=1
    )
    torch.testing.assert_close(adapted.body.bn1.running_mean, raw.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(adapted.body.bn1.running_var, raw.var((0, 2, 3)), rtol=1e-3, atol=1e-4)
    again = built(path, batch_norm="re_estimated")
    again.adapt(rows)
    assert all(one.equal(other) for one, other in zip(adapted.buffers(), again.buffers(), strict=True))


@pytest.fixture
def mobile(assets):
    return assets / "weights/mobilenetv2_imagenet_torch/mobilenetv2_imagenet_fp16.pt"


@pytest.mark.assets
def test_the_real_mobilenet_is_folded_and_adapting_changes_no_answer(mobile):
    body = built(mobile, size=64, batch_norm="trained").eval()
    rows = pixels(16, 64)
    with torch.no_grad():
        before = body(body.collate(rows, np.arange(16)))
        body.adapt(rows)
        after = body(body.collate(rows, np.arange(16)))
    torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-3)
    assert len(read(mobile)) == 314
