import numpy as np
import pytest

from tunesmith.data.near import Pairs, groups, sides


def pairs(*found):
    first, second = zip(*[one[:2] for one in found], strict=True)
    return Pairs.of(np.array(first), np.array(second), np.array([one[2] if len(one) > 2 else 0.9 for one in found]))


def test_pairs_are_ordered_sorted_and_there_once():
    made = pairs((5, 2, 0.8), (1, 0, 0.9), (2, 5, 0.85), (3, 3, 1.0))
    assert made.first.tolist() == [0, 2]
    assert made.second.tolist() == [1, 5]
    assert made.similarity.tolist() == pytest.approx([0.9, 0.85])
    assert (made.first.dtype, made.second.dtype, made.similarity.dtype) == (np.int64, np.int64, np.float32)


def test_joined_pairs_are_there_once():
    both = Pairs.join([pairs((0, 1)), Pairs.none(), pairs((0, 1), (1, 2))])
    assert list(zip(both.first, both.second, strict=True)) == [(0, 1), (1, 2)]
    assert len(Pairs.join([])) == 0


def test_a_group_is_named_after_its_smallest_row():
    assert groups(pairs((1, 4), (4, 3), (0, 5)), 7).tolist() == [0, 1, 2, 1, 1, 0, 6]
    assert groups(Pairs.none(), 3).tolist() == [0, 1, 2]


def test_a_long_chain_in_any_order_is_one_group():
    order = np.random.default_rng(0).permutation(3000)
    chain = Pairs.of(order[:-1], order[1:], np.ones(2999))
    assert groups(chain, 3000).tolist() == [0] * 3000


def test_groups_are_those_of_a_plain_search():
    random = np.random.default_rng(1)
    made = Pairs.of(random.integers(0, 400, 250), random.integers(0, 400, 250), np.ones(250))
    parent = list(range(400))
    for one, other in zip(made.first, made.second, strict=True):
        low, high = sorted((parent[one], parent[other]))
        parent = [low if name == high else name for name in parent]
    assert groups(made, 400).tolist() == parent


def test_a_row_takes_the_side_of_an_earlier_near_row():
    own = np.array(["test", "train", "train", "validation"])
    assert sides(own, pairs((0, 2), (2, 3))).tolist() == ["test", "train", "test", "test"]


def test_a_row_near_to_two_sides_is_set_aside_and_so_are_its_copies():
    own = np.array(["test", "train", "train", "train", "validation"])
    done = sides(own, pairs((0, 2), (1, 2), (2, 3, 1.0), (2, 4)))
    assert done.tolist() == ["test", "train", "aside", "aside", "validation"]


def test_without_pairs_everybody_stays():
    assert sides(np.array(["test", "train"]), Pairs.none()).tolist() == ["test", "train"]
    assert sides(np.array([], "U5"), Pairs.none()).tolist() == []


def test_sides_may_be_numbers():
    done = sides(np.array([0, 1, 2], np.int8), pairs((0, 2), (1, 2)), aside=3)
    assert done.tolist() == [0, 1, 3]
    assert done.dtype.kind == "i"


def test_no_two_near_rows_stand_on_different_sides_and_later_rows_move_nobody():
    random = np.random.default_rng(2)
    own = random.choice(["train", "validation", "test"], 500)
    near = Pairs.of(random.integers(0, 500, 400), random.integers(0, 500, 400), random.choice([0.9, 1.0], 400))
    done = sides(own, near)
    one, other = done[near.first], done[near.second]
    assert ((one == other) | (one == "aside") | (other == "aside")).all()
    assert set(done[np.setdiff1d(np.arange(500), near.second)]) == {"train", "validation", "test"}
    before = near.where(near.second < 300)
    assert sides(own[:300], before).tolist() == done[:300].tolist()
