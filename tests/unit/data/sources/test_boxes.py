"""Pictures with boxes: COCO, VOC and YOLO give the same rows; boxes, ids, paths and files that cannot be right."""

import copy
import json
from pathlib import Path

import pytest

from tunesmith.core.errors import DataError, NotFoundError, TunesmithError
from tunesmith.data.sources.coco import Coco
from tunesmith.data.sources.voc import Voc
from tunesmith.data.sources.yolo import Yolo

image = pytest.importorskip("PIL.Image")
PENNFUDAN = Path(__file__).parents[4].parent / "shared" / "assets" / "detection" / "pennfudan"
WHOLE = {"x": 0.0, "y": 0.0, "width": 100.0, "height": 50.0, "label": "cat"}


def picture(path, size=(100, 50), **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.new("RGB", size).save(path, **more)


def coco(tmp_path, change=lambda whole: None, said=None, raw=None, **fields):
    picture(tmp_path / "images/a.png")
    whole = {
        "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 50}],
        "categories": [{"id": 7, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 100, 50.4]}],
    }
    whole["images"].append({"id": 2, "file_name": "b.png", "width": 10, "height": 10})
    change(whole)
    (tmp_path / "a.json").write_text(json.dumps(whole) if raw is None else raw)
    return Coco(path="a.json", **fields).read(tmp_path, (said if said is not None else []).append)


def voc(tmp_path, inner=None, raw=None, said=None, **fields):
    picture(tmp_path / "set/JPEGImages/a.jpg")
    (tmp_path / "set/Annotations").mkdir(exist_ok=True)
    text = raw or f"<annotation>\n<filename>a.jpg</filename>{thing() if inner is None else inner}</annotation>"
    (tmp_path / "set/Annotations/a.xml").write_text(text)
    return Voc(path="set", **fields).read(tmp_path, (said if said is not None else []).append)


def thing(name="cat", corners=(1, 1, 100, 50)):
    sides = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    box = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
    return f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"


def yolo(tmp_path, line="0 .5 .5 1 1\n", told="names: [cat, dog]\n", said=None, **fields):
    picture(tmp_path / "set/images/a.jpg")
    picture(tmp_path / "set/images/b.png", (20, 10))
    (tmp_path / "set/labels").mkdir(exist_ok=True)
    (tmp_path / "set/labels/a.txt").write_bytes(line if isinstance(line, bytes) else line.encode())
    (tmp_path / "set/data.yaml").write_text(told)
    return Yolo(path="set", **fields).read(tmp_path, (said if said is not None else []).append)


@pytest.mark.parametrize("read", [coco, voc, yolo])
def test_all_forms_give_the_same_box(tmp_path, read):
    row = read(tmp_path).frame.row(0, named=True)
    assert (row["width"], row["height"], row["boxes"]) == (100, 50, [WHOLE])
    assert row["image"].endswith(("a.png", "a.jpg"))


def test_crowds_are_left_out_and_counted(tmp_path):
    said = []
    rows = coco(tmp_path, lambda whole: whole["annotations"][0].update(iscrowd=1), said)
    assert rows.frame["boxes"].to_list() == [[], []]
    assert said == ["a.json: 1 boxes around crowds were left out"]


def test_pictures_without_annotations_are_unlabelled(tmp_path):
    assert coco(tmp_path, lambda whole: whole.pop("annotations")).frame["boxes"].to_list() == [None, None]


def test_splits_of_coco_have_folders_of_their_own(tmp_path):
    coco(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "b.json").write_text((tmp_path / "a.json").read_text())
    source = Coco(path={"train": "a.json", "test": "b.json"}, images={"train": "one", "test": "two"})
    rows = source.read(tmp_path)
    assert rows.frame["image"].to_list() == ["one/a.png", "one/b.png", "two/a.png", "two/b.png"]
    assert source.root(tmp_path) == tmp_path
    assert rows.index["split"].to_list() == ["train", "train", "test", "test"]


BOX = [
    ([90, 2, 30, 4], "leaves the picture", [90, 2, 10, 4]),
    ([200, 2, 3, 4], "leaves the picture", None),
    ([-5, -5, 10, 10], "leaves the picture", [0, 0, 5, 5]),
    ([1, 2, 0, 4], "has no area", None),
    ([1, 2, -3, 4], "has no area", None),
]


@pytest.mark.parametrize(("box", "fact", "mended"), BOX)
def test_boxes_that_leave_their_picture(tmp_path, box, fact, mended):
    def change(whole):
        whole["annotations"][0]["bbox"] = box

    said = []
    with pytest.raises(DataError, match=rf"a\.json annotations\[0\], in 'a\.png': the box of 'cat' .* {fact}"):
        coco(tmp_path, change)
    boxes = coco(tmp_path, change, said, bad_boxes="mend").frame["boxes"][0].to_list()
    assert [list(one.values())[:4] for one in boxes] == ([mended] if mended else [])
    assert len(said) == 1


def first(key, **values):
    return lambda whole: whole[key][0].update(values)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (first("annotations", image_id=9), r"annotations\[0\]: 'image_id' is 9, which no picture has"),
        (first("annotations", image_id=[1]), r"'image_id' is \[1\]"),
        (first("annotations", category_id=8), "'category_id' is 8, which no category has"),
        (first("annotations", bbox=[1, 2, 3]), "not four numbers"),
        (first("annotations", bbox=[1, 2, "3", 4]), "not four numbers"),
        (first("annotations", bbox=[1, 2, float("nan"), 4]), "not four numbers"),
        (first("annotations", bbox=[10**400, 2, 3, 4]), "not four numbers"),
        (first("annotations", bbox=None), "not four numbers"),
        (first("annotations", id=None), r"annotations\[0\]: no object with an 'id'"),
        (lambda whole: whole["annotations"].append(copy.deepcopy(whole["annotations"][0])), r"the id 1 is that of"),
        (first("images", id=2), r"images\[1\]: the id 2 is that of images\[0\] too"),
        (first("images", file_name="b.png"), r"images\[1\]: 'b\.png' is the file_name of \[0\] too"),
        (first("images", file_name="../a.png"), "leads out of the folder"),
        (first("images", file_name="/a.png"), "leads out of the folder"),
        (first("images", file_name=5), "a number under 'file_name'"),
        (first("images", file_name="\ud800"), "half a character"),
        (first("images", width=0), "'width' is 0, not a number of pixels"),
        (first("images", height=10**20), "'height' is 1000"),
        (first("images", height="5"), "'height' is '5'"),
        (first("categories", name=""), "an empty text under 'name'"),
        (lambda whole: whole["categories"].append({"id": 8, "name": "cat"}), "'cat' is the name of"),
        (lambda whole: whole.pop("categories"), "no list under 'categories'"),
        (lambda whole: whole.update(images=[]), "no pictures"),
        (lambda whole: whole.update(images=[5]), r"images\[0\]: no object"),
    ],
)
def test_wrong_coco(tmp_path, change, fact):
    with pytest.raises(DataError, match=rf"a\.json.*{fact}"):
        coco(tmp_path, change)


@pytest.mark.parametrize("raw", ["[1]", "{", "[" * 100_000, '{"images": 5}', '{"images": [{"id": 1}', "", "\0"])
def test_hostile_coco(tmp_path, raw):
    with pytest.raises(DataError, match=r"a\.json"):
        coco(tmp_path, raw=raw)


def test_a_folder_of_pictures_that_is_not_there(tmp_path):
    with pytest.raises(NotFoundError, match="name it by `images`"):
        coco(tmp_path, images="nowhere")


def test_links_out_of_the_folder_are_refused(tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    for read, place in ((coco, "images/b.png"), (yolo, "set/images/c.png")):
        read(tmp_path)
        (tmp_path / place).unlink(missing_ok=True)
        (tmp_path / place).symlink_to(tmp_path / "secret")
        with pytest.raises(DataError, match="out of the folder"):
            read(tmp_path)


def test_corners_of_voc_are_pixels_or_edges(tmp_path):
    box = thing(corners=(1, 1, 1, 1))
    assert voc(tmp_path, box).frame["boxes"].to_list() == [[WHOLE | {"width": 1.0, "height": 1.0}]]
    said = []
    zero = thing(corners=(0, 0, 100, 50))
    assert voc(tmp_path, zero, corners="edges").frame["boxes"].to_list() == [[WHOLE]]
    voc(tmp_path, zero, said=said)
    assert any("corners at 0" in one for one in said)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<annotation>&b;</annotation>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotation>&x;</annotation>',
        '<!DOCTYPE annotation SYSTEM "http://example.org/voc.dtd"><annotation/>',
    ],
)
def test_document_types_are_refused(tmp_path, declared):
    with pytest.raises(DataError, match=r"set/Annotations/a\.xml line 1: a document type"):
        voc(tmp_path, raw=declared)


@pytest.mark.parametrize(
    ("raw", "fact"),
    [
        ("<a>" * 100_000, "nested too deeply"),
        ("<annotation>", "line 1: not XML"),
        ("hello", "line 1: not XML"),
        ("<x/>", "<x> where <annotation> must stand"),
        ("<annotation>\0</annotation>", "not XML"),
        ("<annotation>&other;</annotation>", "undefined entity"),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', "its encoding cannot be read"),
        ("<annotation>" + thing(corners=(1, 1, "x", 5)) + "</annotation>", "<xmax> is 'x', not a number"),
        ("<annotation>" + thing(corners=(1, 1, "1e999", 5)) + "</annotation>", "not a number"),
        ("<annotation>" + thing(corners=(90, 1, 10, 5)) + "</annotation>", "has no area"),
        ("<annotation>" + thing(corners=(1, 1, 300, 5)) + "</annotation>", "leaves the picture"),
        ("<annotation>" + thing(name="") + "</annotation>", "an object without a <name>"),
        ("<annotation><size><width>-1</width><height>5</height></size></annotation>", "is not of pixels"),
    ],
)
def test_wrong_voc(tmp_path, raw, fact):
    with pytest.raises(DataError, match=rf"set/Annotations/a\.xml.*{fact}"):
        voc(tmp_path, raw=raw)


def test_lists_of_voc_are_splits(tmp_path):
    voc(tmp_path)
    (tmp_path / "set/Annotations/b.xml").write_text(f"<annotation><filename>b.jpg</filename>{thing()}</annotation>")
    picture(tmp_path / "set/JPEGImages/b.jpg")
    lists = tmp_path / "set/ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("b\n")
    (lists / "val.txt").write_text("a\n")
    rows = Voc(path="set/Annotations", splits={"train": "train", "validation": "val"}).read(tmp_path)
    assert rows.index["split"].to_list() == ["train", "validation"]
    assert rows.frame["image"].to_list() == ["JPEGImages/b.jpg", "JPEGImages/a.jpg"]
    (lists / "val.txt").write_text("b\n")
    with pytest.raises(DataError, match=r"val\.txt: 'b' is in train\.txt too"):
        Voc(path="set", splits={"train": "train", "validation": "val"}).read(tmp_path)


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("2 .5 .5 1 1", "class 2, but only 0 to 1 have names"),
        ("\n-1 .5 .5 1 1", "line 2: '-1' is no class number"),
        ("cat .5 .5 1 1", "'cat' is no class number"),
        ("0 .5 .5 1", "4 cells, where 5 must stand"),
        ("0 .5 .5 1 1 .9", "6 cells"),
        ("0 .5 .5 nan 1", "'nan' is not a number"),
        ("0 50 50 10 10", "50 is not a share"),
        ("0 .9 .5 1 1", "leaves the picture"),
        ("0 .5 .5 0 1", "has no area"),
        (b"\xff\xfe\0", "not a text"),
        (b"0 .5 .5 1 1\0", "a zero byte"),
        ("9" * 1_000_000, "is no class number"),
    ],
)
def test_wrong_lines_of_yolo(tmp_path, line, fact):
    with pytest.raises(DataError, match=rf"set/labels/a\.txt.*{fact}"):
        yolo(tmp_path, line)


@pytest.mark.parametrize(
    "told",
    [
        "names: [cat]\nnc: 2",
        "names: [a, a]",
        "names: 5",
        "[1]",
        "a: [",
        "[" * 5000,
        "names: [a, no]",
        "names: {1: a}",
        "names: [a]\ntrain: ../../etc",
        "names: [a]\ntrain: x.txt",
        "names: [a]\nval: images",
        "names: [a]\ntrain: 5",
        "",
    ],
)
def test_wrong_settings_of_yolo(tmp_path, told):
    with pytest.raises(TunesmithError, match="set"):
        yolo(tmp_path, told=told)


def test_polygons_and_missing_files_are_noted(tmp_path):
    said = []
    rows = yolo(tmp_path, "1 0.25 0.25 0.75 0.25 0.75 0.75", said=said)
    box = {"x": 25.0, "y": 12.5, "width": 50.0, "height": 25.0, "label": "dog"}
    assert rows.frame["boxes"].to_list() == [[box], []]
    assert [one.split(": ")[1] for one in said] == [
        "1 of 2 pictures have no file of boxes, so there is nothing in them",
        "1 polygons were read as the boxes around them",
    ]


def test_pictures_turned_by_exif_are_measured_upright(tmp_path):
    exif = image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "set/images/c.jpg", exif=exif)
    assert yolo(tmp_path).frame.select("width", "height").rows() == [(100, 50), (20, 10), (50, 100)]


def test_splits_of_yolo(tmp_path):
    for name in ("train", "val"):
        picture(tmp_path / f"set/{name}/images/{name}.png")
        (tmp_path / f"set/{name}/labels").mkdir()
        (tmp_path / f"set/{name}/labels/{name}.txt").write_text("1 .5 .5 .2 .2")
    (tmp_path / "set/classes.txt").write_text("cat\ndog\n")
    rows = Yolo(path="set").read(tmp_path)
    assert rows.index["split"].to_list() == ["train", "validation"]
    (tmp_path / "set/data.yaml").write_text("names: {0: cat, 1: dog}\ntrain: ../train/images\nval: ../val/images\n")
    assert Yolo(path="set/data.yaml").read(tmp_path).frame.equals(rows.frame)


@pytest.mark.assets
def test_penn_fudan():
    if not PENNFUDAN.is_dir():
        pytest.skip("the real data are not here")
    rows = Voc(path=str(PENNFUDAN)).read(Path()).frame
    assert (rows.height, rows["boxes"].list.len().sum()) == (170, 423)
    exact = 0
    for path, boxes in rows.head(40).select("image", "boxes").iter_rows():
        mask = image.open(PENNFUDAN / "PedMasks" / f"{Path(path).stem}_mask.png")
        for number, one in enumerate(boxes, 1):
            left, top, right, bottom = mask.point(lambda value, number=number: 255 * (value == number)).getbbox()
            exact += (left, top, right - left, bottom - top) == tuple(one[key] for key in ("x", "y", "width", "height"))
    assert exact >= 0.9 * rows.head(40)["boxes"].list.len().sum()  # the masks say that the corners are turned rightly
