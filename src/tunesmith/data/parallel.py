"""The same work on many pieces, on all cores: numpy lets other threads run while it computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..core.threads import cores

Piece = TypeVar("Piece")
Result = TypeVar("Result")
AHEAD = 2


def in_threads(work: Callable[[Piece], Result], pieces: Iterable[Piece], ahead: int = AHEAD) -> Iterator[Result]:
    """Yield the results of the work on each piece, in their order.

    No more than `ahead` pieces per core are begun before their results are asked for, which bounds what is held.
    """
    count = len(cores())
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(count) as pool:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) >= ahead * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
