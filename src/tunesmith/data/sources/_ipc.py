"""From an Arrow file or stream to a table whose buffers are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import DataError
from ...core.need import lazy
from ._bytes import Local, unreadable

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import ipc
else:
    pyarrow, ipc = lazy("pyarrow"), lazy("pyarrow.ipc")

MARK = b"ARROW1"


def read_table(file: Local) -> pyarrow.Table:
    """Return an IPC file or stream as a table, its buffers checked. Raises DataError where it is damaged."""
    try:
        with pyarrow.memory_map(str(file.path)) as held:
            opened = ipc.open_file if held.read(len(MARK)) == MARK else ipc.open_stream
            held.seek(0)
            with opened(held) as reader:
                table = reader.read_all()
        table.validate(full=True)
    except (pyarrow.ArrowException, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(file.name, error) from error
        fact = str(error).partition("\n")[0] or "it is empty"
        raise DataError(
            f"{file.name}: not a whole Arrow file ({fact}); write it again, or copy it completely"
        ) from error
    names = table.column_names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"{file.name}: more than one column is named '{repeated[0]}'; rename all but one")
    return table
