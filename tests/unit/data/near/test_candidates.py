import numpy as np

from tunesmith.data.near.candidates import LARGE, LINKS, NEIGHBOURS, candidates, linked
from tunesmith.data.near.pairs import unpacked


def links(key, further=None):
    key = np.array(key, np.uint32)
    one, other = linked(key, np.zeros(len(key), np.uint32) if further is None else np.array(further, np.uint32))
    return {(min(a, b), max(a, b)) for a, b in zip(one.tolist(), other.tolist(), strict=True)}


def test_all_pairs_of_a_small_bucket_are_linked():
    assert links([7, 1, 7, 2, 7, 1]) == {(0, 2), (0, 4), (2, 4), (1, 5)}
    size = NEIGHBOURS + 1
    assert len(links([3] * size)) == size * (size - 1) // 2


def test_links_of_a_large_bucket_grow_with_its_rows_only():
    size = LARGE * 20
    found = links([3] * size)
    assert len(found) <= (LINKS + 1) * size
    assert {(0, row) for row in range(1, size)} <= found


def test_in_a_large_bucket_rows_that_share_the_further_key_are_linked():
    size = LARGE * 4
    further = np.arange(size) // 2
    found = links([3] * size, np.random.default_rng(0).permutation(size)[further])
    assert all((row, row + 1) in found for row in range(0, size, 2))


def test_no_rows_have_no_links():
    assert links([]) == set()
    assert links([5]) == set()


def test_candidates_are_asked_about_and_there_once():
    keys = [(np.array(key, np.uint32), np.zeros(4, np.uint32)) for key in ([1, 1, 2, 2], [1, 1, 1, 3])]
    first, second = unpacked(candidates(keys, lambda one, other: other != 3))
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
