"""Files to pixels, by value: every mode, turned as it is looked at, in the size asked for; and what is no image."""

import io
import struct
import zlib

import numpy as np
import pytest

from tunesmith.core.errors import DataError
from tunesmith.data.pixels import Picture, View, decoded, fill, upright_size

Image = pytest.importorskip("PIL.Image")

PLAIN = (0.5, 0.5, 0.5)
RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 128, 0), (255, 255, 255), (0, 0, 0)


def view(height, width, short_side=None, interpolation="bilinear"):
    return View(height, width, short_side, PLAIN, PLAIN, interpolation)


def seen(image, size=None, ending="PNG", **how):
    """Return what a net sees of an image after a trip through a file, in its own size where none is given."""
    file = io.BytesIO()
    image.save(file, ending, **how)
    with Image.open(io.BytesIO(file.getvalue())) as again:
        return decoded(again, size or view(image.height, image.width))


def one(mode, value):
    return Image.new(mode, (2, 2), value)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (one("RGB", RED), RED),
        (one("L", 77), (77, 77, 77)),
        (one("1", 1), WHITE),
        (one("1", 0), BLACK),
        (one("LA", (0, 0)), WHITE),
        (one("LA", (40, 255)), (40, 40, 40)),
        (one("RGBA", (0, 0, 0, 0)), WHITE),
        (one("RGBA", (255, 0, 0, 255)), RED),
        (one("RGBA", (0, 0, 0, 51)), (204, 204, 204)),
        (one("RGB", GREEN).quantize(2), GREEN),
        (one("I;16", 0x1234), (0x12, 0x12, 0x12)),
        (one("I;16", 0xFFFF), WHITE),
    ],
    ids=lambda one: getattr(one, "mode", str(one)),
)
def test_every_mode_becomes_colours(image, expected):
    assert seen(image).reshape(-1, 3).tolist() == [list(expected)] * 4


def test_colours_of_ink_become_colours_of_light():
    assert np.abs(seen(one("CMYK", (0, 255, 255, 0)), ending="TIFF") - np.array(RED, int)).max() <= 1
    photo = seen(Image.new("CMYK", (16, 16), (0, 0, 0, 255)), ending="JPEG")
    assert photo.max() <= 2


def test_a_transparent_colour_of_a_palette_is_white():
    image = one("RGB", GREEN).quantize(2)
    shown = seen(image, transparency=image.getpixel((0, 0)))
    assert (shown == 255).all()


def test_a_sixteen_bit_image_is_not_stretched():
    """Two images of one brightness keep it: what is dark is not made bright by being alone."""
    values = np.array([[0, 256], [512, 65535]], np.uint16)
    assert seen(Image.fromarray(values))[..., 0].tolist() == [[0, 1], [2, 255]]


def test_of_an_animation_the_first_frame_counts():
    frames = [one("RGB", RED).quantize(2), one("RGB", GREEN).quantize(2)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(file) as image:
        assert image.n_frames == 2
        assert decoded(image, view(2, 2))[0, 0].tolist() == list(RED)


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_image_stands_as_it_is_looked_at(turn):
    """What a camera wrote lying or mirrored, with its entry, shows what an upright one does."""
    upright = np.zeros((4, 6, 3), np.uint8)
    upright[0, 0], upright[0, 5], upright[3, 0] = RED, GREEN, WHITE
    lying = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    shown = seen(Image.fromarray(np.ascontiguousarray(lying)), view(4, 6), exif=exif)
    assert np.array_equal(shown, upright)


def test_a_broken_entry_of_the_camera_says_nothing():
    file = io.BytesIO()
    one("RGB", RED).save(file, "PNG", exif=b"Exif\0\0 no such thing")
    with Image.open(file) as image:
        assert decoded(image, view(2, 2))[0, 0].tolist() == list(RED)


def test_the_middle_is_seen_in_its_proportions():
    """Of 30 x 10 pixels, resized to 15 x 5, the middle 5 x 5 are left: the green third."""
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, :10], wide[:, 10:20], wide[:, 20:] = RED, GREEN, WHITE
    shown = seen(Image.fromarray(wide), view(5, 5, short_side=5))
    assert shown.shape == (5, 5, 3)
    assert shown[2, 2].tolist() == list(GREEN)
    straight = seen(Image.fromarray(wide), view(5, 6))
    assert straight[2, 0].tolist() == list(RED)
    assert straight[2, -1].tolist() == list(WHITE)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_thin_images_fill_the_view(size):
    assert seen(Image.new("RGB", size, RED), view(8, 8, short_side=9)).shape == (8, 8, 3)


def test_a_large_photograph_is_decoded_at_a_fraction_of_its_size(monkeypatch):
    noise = Image.effect_noise((1600, 1200), 60).convert("RGB").resize((400, 300)).resize((1600, 1200))
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=95)
    with Image.open(io.BytesIO(file.getvalue())) as image:
        quick = decoded(image, view(64, 64, short_side=72))
        assert image.size == (200, 150)
    with Image.open(io.BytesIO(file.getvalue())) as image:
        monkeypatch.setattr(image, "draft", lambda *_: None)
        whole = decoded(image, view(64, 64, short_side=72))
    assert np.abs(quick.astype(int) - whole).mean() < 2


def test_numbers_without_a_range_are_refused():
    for image in (one("F", 0.5), one("I", 70_000), one("I", -1)):
        with pytest.raises(ValueError, match=r"(no|without a) fixed range"):
            seen(image, ending="TIFF")
    assert seen(one("I", 0x0500), ending="TIFF")[0, 0].tolist() == [5, 5, 5]


# What is no image is named, all of it at once.


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def claiming(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


GOOD = png(Image.effect_noise((40, 30), 60))

BROKEN = {
    "empty.png": (b"", "'empty.png' is an empty file (0 bytes)"),
    "torn.png": (GOOD[: len(GOOD) // 2], "'torn.png' is broken: "),
    "text.png": (b"not a picture at all", "'text.png' is no image in a known format"),
    "bomb.png": (claiming(40_000, 40_000), "'bomb.png' claims more pixels than are decoded"),
    "large.png": (claiming(9_000, 9_000), "'large.png' has 9,000 x 9,000 pixels, more than the 50,000,000 that "),
    "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "'script.png' is no image in a known format"),
}


def filled(cells, folder):
    pictures = [Picture.of(cell, folder, f"photos row {at + 1}", 50_000_000) for at, cell in enumerate(cells)]
    out = np.zeros((len(pictures), 8, 8, 3), np.uint8)
    fill(pictures, view(8, 8), out)
    return out


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_by_its_row(tmp_path, name):
    data, fact = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "good.png").write_bytes(GOOD)
    with pytest.raises(DataError) as caught:
        filled(["good.png", name, "good.png", name], tmp_path)
    assert str(caught.value).startswith(f"photos row 2: {fact}")
    assert "(and 1 more); replace the image or remove the row; `clean: {images: drop}`" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "fact"),
    [
        (None, "there is no image"),
        ("", "there is no image"),
        (b"", "there is no image"),
        (b"no", "the image is no image in a known format"),
        ("gone.png", "there is no file 'gone.png' in "),
        ("../secret.png", "'../secret.png' leads out of the folder "),
        ("/etc/hostname", "'/etc/hostname' leads out of the folder "),
    ],
)
def test_what_is_not_there_is_named(tmp_path, cell, fact):
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.png").write_bytes(GOOD)
    with pytest.raises(DataError, match="photos row 1: ") as caught:
        filled([cell], tmp_path / "inner")
    assert fact in str(caught.value)


def test_a_name_that_lies_about_the_format_is_read(tmp_path):
    (tmp_path / "a.jpg").write_bytes(png(one("RGB", RED)))
    assert filled(["a.jpg"], tmp_path)[0, 0, 0].tolist() == list(RED)


def test_a_picture_is_known_by_what_the_file_holds(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(one("RGB", RED)))
    first = Picture.of("a.png", tmp_path, "row 1", 99)
    path.write_bytes(png(one("RGB", GREEN)))
    second = Picture.of("a.png", tmp_path, "row 1", 99)
    assert str(first) != str(second)
    assert str(second) == str(Picture.of(path.read_bytes(), tmp_path, "row 2", 99))


def test_the_size_is_that_of_the_upright_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert upright_size(Picture.of("a.jpg", tmp_path, "row 1", 99)) == (30, 20)
    assert upright_size(Picture.of("gone.jpg", tmp_path, "row 1", 99)) is None
