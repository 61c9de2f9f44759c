"""Advisory locks on open files: the kernel drops them when the last holder of the file is gone, however it ended."""

from __future__ import annotations

import sys
from contextlib import suppress

if sys.platform == "win32":  # nothing is locked there: the system itself refuses to remove a file that is open

    def share(handle: int) -> bool:
        """Do nothing and return True."""
        return True

    def claim(handle: int, wait: bool = False) -> bool:
        """Do nothing and return True."""
        return True

    def release(handle: int) -> None:
        """Do nothing."""

else:
    import fcntl

    def share(handle: int) -> bool:
        """Lock an open file together with all who share it; False where somebody has claimed it.

        The lock belongs to the opened file: duplicates of the handle, such as a memory map's, keep it alive.
        On a file system without locks the file is used all the same: True.
        """
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def claim(handle: int, wait: bool = False) -> bool:
        """Lock an open file against all others; False where one holds it, or the file system has no locks."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            return False
        return True

    def release(handle: int) -> None:
        """Give up the lock at once, even where a forked process has inherited the handle."""
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
