"""Boxes drawn upon a picture: where they say, escaped, and left out where there is nothing to draw on."""

from tunesmith.pages.boxed import boxed

PICTURE = "data:image/png;base64,AAAA"


def box(label, x=1, y=2, width=3, height=4, **more):
    return {"x": x, "y": y, "width": width, "height": height, "label": label} | more


def test_true_and_answered_boxes_are_drawn_in_the_pixels_of_the_picture():
    row = {"size": [80, 60], "pictures": [PICTURE], "target": [box("cat")], "answer": [box("dog", confidence=0.7)]}
    page = boxed(row)
    assert 'viewBox="0 0 80 60"' in page
    assert '<rect x="1" y="2" width="3" height="4" class="true-box">' in page
    assert 'class="answered-box">dog 70%</text>' in page
    assert "true: 1 cat · answered: 1 dog" in page


def test_what_is_written_in_a_label_stays_text():
    page = boxed({"size": [8, 6], "pictures": [PICTURE], "target": [box("<script>")], "answer": []})
    assert "<script>" not in page
    assert "answered: nothing" in page


def test_without_a_picture_the_words_are_left():
    row = {"size": [8, 6], "target": [box("cat"), box("cat")], "answer": []}
    for address in (None, "", "http://elsewhere/a.png", 'data:image/png;base64,"onload='):
        page = boxed(row | {"pictures": [address]})
        assert "<svg" not in page
        assert "elsewhere" not in page
        assert "true: 2 cat · answered: nothing" in page


def test_rows_without_a_size_are_no_rows_of_boxes():
    assert boxed({"target": "a", "answer": "b"}) is None
    assert boxed({"size": [8], "pictures": [PICTURE], "target": [], "answer": []}) is None
    assert boxed({"size": [8, 6], "pictures": [], "target": [], "answer": []}) is None
