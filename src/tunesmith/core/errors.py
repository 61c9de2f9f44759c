"""Every error raised on purpose: the fact, the place, the remedy. Each also is the stdlib error it refines."""

from __future__ import annotations

from typing import ClassVar


class TunesmithError(Exception):
    """Root of all deliberate failures; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 2


class RecipeError(TunesmithError, ValueError):
    """The recipe is wrong; the message has one line per mistake."""


class DataError(TunesmithError, ValueError):
    """A file, row or column is wrong; the message names it."""


class SchemaError(DataError):
    """Rows to predict do not have the columns the version was trained on."""


class NotFoundError(TunesmithError, LookupError):
    """A version, alias, file or part of that name does not exist."""


class RegistryError(TunesmithError, OSError):
    """The registry could not be written or read (read-only, full, locked)."""


class RegistryInputError(RegistryError, ValueError):
    """What was to be stored cannot be: a bad name, a reserved field, a value that JSON has no form for."""


class StoreError(TunesmithError, OSError):
    """The array store could not be written (read-only, no folder). What it would have kept can be computed again."""


class StoreFullError(StoreError):
    """The array store's limit, or the disk, has no room for what was to be kept."""


class VerificationError(TunesmithError, ValueError):
    """Stored bytes are not what their digest says."""

    exit_code = 1


class MissingDependencyError(TunesmithError, ImportError):
    """An optional library is not installed; the message is the install command."""

    exit_code = 3


class TrainingError(TunesmithError, RuntimeError):
    """Training could not be completed (diverged, out of memory after every retry)."""

    exit_code = 4


class CheckpointError(TunesmithError, OSError):
    """The state of a training run could not be written, or another process holds the run; what was stored stays."""

    exit_code = 4


class InterruptedTrainingError(TunesmithError, InterruptedError):
    """Training was told to stop, saved its state and did; the message says where it is."""

    exit_code = 130


class GuardError(TrainingError):
    """A guard stopped a run that would have been silently wrong."""


class InputGuardError(GuardError, ValueError):
    """A guard stopped a run because of the rows it was given: bad input, so exit code 2."""

    exit_code = 2


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or what it is called."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
