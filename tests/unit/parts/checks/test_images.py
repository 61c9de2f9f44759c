"""Pictures as strangers hand them in: broken, mislabelled, monstrous, outside the folder."""

import base64
import io
import os
import struct
import sys
import zlib

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.images import Images

Image = pytest.importorskip("PIL.Image")


def find(folder, *names, **settings):
    data = Dataset.of(pl.DataFrame({"path": pl.Series(names, dtype=pl.String)}), "photos.csv")
    table = Table(data, ("path",), kinds={"path": "image"}, folder=folder)
    return Images(**settings).find(table)


def picture(folder, name, size=(64, 48), mode="RGB", **how):
    Image.effect_noise(size, 60).convert(mode).save(folder / name, **how)
    return name


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width, height):
    """Return a PNG of a few bytes whose header claims so many pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.bmp", "a.webp", "a.tif", "a.JPEG"])
def test_sound_pictures_have_no_finding(tmp_path, name):
    picture(tmp_path, name)
    assert find(tmp_path, name) == []
    (tmp_path / "below").mkdir()
    picture(tmp_path / "below", name)
    assert find(tmp_path, f"below/{name}", f"./below/../{name}", str(tmp_path / name)) == []


def test_rows_without_an_image_are_named_and_can_go_from_every_split(tmp_path):
    picture(tmp_path, "a.png")
    (finding,) = find(tmp_path, "a.png", None, "", " ")
    assert (finding.rows, finding.severity, finding.reach) == ((1, 2, 3), "error", "all")
    assert "3 rows without an image" in finding.advice


def test_images_in_cells_are_judged_as_files_are(tmp_path):
    data = (tmp_path / picture(tmp_path, "a.png")).read_bytes()
    column = pl.Series("photo", [data, data[: len(data) // 2], b"no image", b"", None], dtype=pl.Binary)
    table = Table(Dataset.of(pl.DataFrame([column]), "photos.parquet"), ("photo",), kinds={"photo": "image"})
    found = Images().find(table)
    assert [one.rows for one in found] == [(2,), (1,), (3, 4)]
    assert all(one.reach == "all" and "photos.parquet row" in one.advice for one in found)


def test_what_can_be_read_is_only_told_unless_unwanted(tmp_path):
    picture(tmp_path, "a.png", (64, 4))
    (finding,) = find(tmp_path, "a.png")
    assert (finding.severity, finding.reach) == ("warning", "none")
    (finding,) = find(tmp_path, "a.png", unwanted=["tiny"])
    assert finding.reach == "train"


def test_numbers_without_a_range_are_no_colours(tmp_path):
    Image.new("F", (20, 20), 0.5).save(tmp_path / "a.tif")
    found = find(tmp_path, "a.tif")
    assert [one.reach for one in found] == ["all", "none"]
    assert "numbers that are no colours (F)" in found[0].advice


def test_every_row_of_a_file_is_named(tmp_path):
    picture(tmp_path, "a.png")
    (finding,) = find(tmp_path, "gone.png", "a.png", "gone.png")
    assert (finding.rows, finding.severity) == ((0, 2), "error")
    assert "2 rows without a file, for instance 'gone.png' (photos.csv row 1)" in finding.advice


@pytest.mark.parametrize(
    "name", ["\0.png", "x" * 5000 + ".png", "http://example.org/a.png", ".", "folder.png", "pipe.png"]
)
def test_what_is_no_file_is_not_opened(tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (finding,) = find(tmp_path, name)
    assert "without a file" in finding.advice


def test_paths_out_of_the_folder_are_not_opened(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    picture(tmp_path, "secret.png")
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "way").symlink_to(tmp_path)
    names = "../secret.png", str(tmp_path / "secret.png"), "link.png", "way/secret.png", "a/../../secret.png"
    (finding,) = find(inside, *names)
    assert (finding.rows, finding.severity) == ((0, 1, 2, 3, 4), "error")
    assert "out of the folder" in finding.advice
    assert [Images().thumbnail(inside, name) for name in names] == [None] * 5


BYTES = {
    "empty file": lambda sound: b"",
    "no image": lambda sound: b"<html><script>alert(1)</script></html>",
    "ends too early": lambda sound: sound[: len(sound) // 2],
}


@pytest.mark.parametrize("words", BYTES)
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_broken_files(tmp_path, words, ending):
    path = tmp_path / picture(tmp_path, f"a.{ending}", (200, 200))
    path.write_bytes(BYTES[words](path.read_bytes()))
    (finding,) = find(tmp_path, path.name)
    assert finding.severity == "error"
    assert words in finding.advice


def test_a_changed_byte_in_a_png_is_seen(tmp_path):
    path = tmp_path / picture(tmp_path, "a.png", (200, 200))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    (finding,) = find(tmp_path, path.name)
    assert "cannot be decoded" in finding.advice


@pytest.mark.parametrize("size", [(9_000, 9_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_judged_by_its_header(tmp_path, size, monkeypatch):
    (tmp_path / "bomb.png").write_bytes(claiming(*size))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was decoded"))
    (finding,) = find(tmp_path, "bomb.png")
    assert "more pixels than are decoded" in finding.advice
    assert Images().thumbnail(tmp_path, "bomb.png") is None


def test_sizes_are_settings(tmp_path):
    picture(tmp_path, "a.png", (64, 7))
    (finding,) = find(tmp_path, "a.png")
    assert (finding.severity, "64 x 7 pixels" in finding.advice) == ("warning", True)
    assert find(tmp_path, "a.png", smallest=7) == []
    (finding,) = find(tmp_path, "a.png", smallest=7, pixels=447)
    assert finding.severity == "error"


def test_a_format_that_its_ending_denies(tmp_path):
    picture(tmp_path, "a.jpg")
    (tmp_path / "a.jpg").rename(tmp_path / "a.png")
    (finding,) = find(tmp_path, "a.png")
    assert (finding.severity, "JPEG in .png" in finding.advice) == ("warning", True)


def test_formats_that_start_programs_are_no_images(tmp_path):
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n")
    (finding,) = find(tmp_path, "a.png")
    assert "no image" in finding.advice


def test_odd_kinds_are_noted(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture(tmp_path, "a.jpg", mode="CMYK")
    picture(tmp_path, "b.jpg", exif=turned)
    picture(tmp_path, "c.png", mode="P", transparency=3)
    picture(tmp_path, "d.gif", save_all=True, append_images=[Image.new("RGB", (64, 48), "red")])
    Image.new("I;16", (64, 48), 30_000).save(tmp_path / "e.png")
    found = find(tmp_path, "a.jpg", "b.jpg", "c.png", "d.gif", "e.png")
    assert {one.severity for one in found} == {"info"}
    told = {row: one.advice for one in found for row in one.rows}
    words = ("CMYK", "EXIF", "palette with transparency", "2 frames", "I;16")
    assert all(word in told[row] for row, word in enumerate(words))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK", "1", "LA"])
def test_a_thumbnail_is_drawn_anew(tmp_path, mode):
    ending = "jpg" if mode == "CMYK" else "png"
    name = picture(tmp_path, f"a.{ending}", (640, 320), mode)
    address = Images().thumbnail(tmp_path, name)
    assert address.startswith("data:image/jpeg;base64,")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as small:
        assert small.size == (96, 48)
        assert not small.getexif()


def test_a_thumbnail_stands_upright_and_holds_no_metadata(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    name = picture(tmp_path, "a.jpg", (200, 100), exif=exif)
    data = base64.b64decode(Images().thumbnail(tmp_path, name).partition(",")[2])
    assert b"home" not in data
    assert Image.open(io.BytesIO(data)).size == (48, 96)


def test_without_pillow_files_are_looked_at_and_the_remedy_is_named(tmp_path, monkeypatch):
    picture(tmp_path, "a.png")
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    gone, unseen = find(tmp_path, "a.png", "gone.png")
    assert gone.rows == (1,)
    assert (unseen.severity, unseen.rows, unseen.count) == ("warning", (), 2)
    assert "tunesmith[image]" in unseen.advice
    assert Images().thumbnail(tmp_path, "a.png") is None
