"""The command line: parses, calls one command, prints its answer, ends with the contract's exit code. No logic."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any

from .core.errors import InterruptedTrainingError, TunesmithError
from .options import parser

INTERNAL = 70  # a fault of ours: none of the contract's codes, so that no script takes it for an answer
INTERRUPTED = 130

MODULES = {"import": "import_config"}  # commands whose name is no name in Python


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end by a scheduler: the same as Ctrl-C
    try:
        command = importlib.import_module(f"tunesmith.commands.{MODULES.get(options.command, options.command)}")
        answer = command.run(options)
        if not answer.is_silent:
            print(_json(answer.value) if options.json else answer.text)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\ninterrupted; nothing was registered. To start again: {_again(arguments)}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except InterruptedTrainingError as error:
        print(f"\n{error}\nto go on: {_again(arguments)}", file=sys.stderr)
        return error.exit_code
    except TunesmithError as error:
        return _fail(str(error), error.exit_code, options.debug)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _fail(
            f"{place}{error.strerror or error}; check the path, its permissions and the disk", 2, options.debug
        )
    except MemoryError:
        return _fail("out of memory; lower train.batch_size or base.max_tokens", 4, options.debug)
    except Exception as error:
        print(f"internal error, please report it: {type(error).__name__}: {error}", file=sys.stderr)
        traceback.print_exc()
        raise SystemExit(INTERNAL) from error
    return int(answer.exit_code)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)


def _again(arguments: Sequence[str] | None) -> str:
    """Return the line that goes on with what was interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    resume = ["--resume"] if given[:1] == ["train"] and "--resume" not in given else []
    return shlex.join(["tunesmith", *given, *resume])


def _fail(message: str, code: int, is_debug: bool) -> int:
    if is_debug:
        traceback.print_exc()
    print(f"error: {message}" if "\n" not in message else f"errors:\n{message}", file=sys.stderr)
    return code
