"""What can be typed: each command with what it does, an example, and its options. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from . import __version__
from .commands._writing import add as add_writing

# command -> what it does, and an example that works
COMMANDS = {
    "demo": (
        "run the main job on embedded data, from raw rows to a prediction",
        "tunesmith demo\n  tunesmith demo digits",
    ),
    "init": ("look at the data and write a commented recipe", "tunesmith init reviews.csv --target label"),
    "import": (
        "turn a configuration of LLaMA-Factory, Axolotl or TRL into a recipe",
        "tunesmith import lora.yaml -o recipe.yaml",
    ),
    "show": ("print the filled recipe, each value with its origin", "tunesmith show recipe.yaml"),
    "check": ("inspect the rows for faults", "tunesmith check reviews.csv --target label --report check.html"),
    "clean": (
        "apply the recipe's remedies; write the rows left and a ledger of every change",
        "tunesmith clean recipe.yaml -o clean.csv\n  tunesmith clean --undo clean.ledger.jsonl clean.csv -o back.csv",
    ),
    "label": (
        "give out the rows most worth a person's look, and take their labels back",
        "tunesmith label recipe.yaml -o look.csv\n  tunesmith label recipe.yaml --take look.csv -o corrected.csv",
    ),
    "train": ("train, judge and register a version", "tunesmith train recipe.yaml --set train.epochs=3"),
    "predict": ("answer for rows", 'tunesmith predict reviews --text "works like a charm"'),
    "chat": ("talk with a version that writes", "tunesmith chat stories\n  echo Hello | tunesmith chat stories --json"),
    "evaluate": ("measure a version on labelled rows", "tunesmith evaluate reviews@1 new.csv --slice country"),
    "report": ("write a version's report as one HTML page", "tunesmith report reviews -o report.html"),
    "eject": (
        "write a language model and its training as files that need no tunesmith",
        "tunesmith eject stories@1 mine --from recipes",
    ),
    "trace": ("show one row at each station of the line", "tunesmith trace recipe.yaml --row 1"),
    "versions": ("list versions", "tunesmith versions"),
    "inspect": ("show everything about one version", "tunesmith inspect reviews@1"),
    "verify": ("check every stored byte against its hash", "tunesmith verify"),
    "doctor": ("examine this environment", "tunesmith doctor"),
}


class _Command(argparse.ArgumentParser):
    """A command's own parser: its options may stand before, between and after its positional arguments."""

    _is_intermixed = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        if self._is_intermixed:  # argparse calls back for each of its two passes
            return super().parse_known_args(args, namespace)
        self._is_intermixed = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_intermixed = False


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; importing nothing that is heavy."""
    common = _Command(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON document on stdout and nothing else there")
    common.add_argument("--debug", action="store_true", help="add the traceback to an error")
    home = os.environ.get("TUNESMITH_HOME", "./.tunesmith")
    common.add_argument(
        "--home", type=Path, default=Path(home), metavar="DIR", help="where versions live (%(default)s)"
    )
    top = argparse.ArgumentParser(
        prog="tunesmith",
        description="Supervised fine-tuning you can trust: labelled rows in, a verified version with a verdict out.",
        epilog="Start with `tunesmith demo`, or `tunesmith init DATA`. Each command's --help shows an example.",
    )
    top.add_argument("--version", action="version", version=f"tunesmith {__version__}")
    commands = top.add_subparsers(
        dest="command", required=True, metavar="COMMAND", title="commands", parser_class=_Command
    )
    for name, (what, example) in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=what,
            parents=[common],
            description=f"{what[0].upper()}{what[1:]}.",
            epilog=f"Example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        OPTIONS.get(name, _no_options)(one)
    return top


def _no_options(one: argparse.ArgumentParser) -> None:
    return


def _demo(one: argparse.ArgumentParser) -> None:
    one.add_argument("data", nargs="?", choices=("tickets", "digits"), default="tickets", help="(%(default)s)")


def _init(one: argparse.ArgumentParser) -> None:
    one.add_argument("data", metavar="DATA", help="a CSV, TSV, JSONL or Parquet file, or a folder of images")
    one.add_argument("--target", metavar="COLUMN", help="the column to be learnt")
    one.add_argument("-o", "--output", type=Path, default=Path("recipe.yaml"), metavar="FILE", help="(%(default)s)")
    one.add_argument("--force", action="store_true", help="overwrite the file")


def _import(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=Path, metavar="FILE", help="the YAML file of a training")
    tools = ("llama-factory", "axolotl", "trl")
    one.add_argument("--from", dest="tool", choices=tools, help="whose it is; told by its keys where not given")
    one.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the recipe here, where no file is yet")


def _recipe(one: argparse.ArgumentParser) -> None:
    one.add_argument("recipe", type=Path, metavar="RECIPE", help="a YAML file; `data` and `target` are enough")
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override, such as train.epochs=5")


def _train(one: argparse.ArgumentParser) -> None:
    _recipe(one)
    one.add_argument("--resume", action="store_true", help="go on from the last checkpoint of this very run")


def _check(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", metavar="RECIPE|DATA", help="a recipe, or a file of rows")
    one.add_argument("--target", metavar="COLUMN", help="the column to be learnt")
    one.add_argument("--report", type=Path, metavar="FILE", help="also write an HTML page with the rows at fault")


def _clean(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", metavar="RECIPE|DATA", help="a recipe or a file of rows; with --undo, the rows")
    one.add_argument("--target", metavar="COLUMN", help="the column to be learnt")
    one.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the rows as .csv, .tsv, .jsonl or .parquet"
    )
    one.add_argument("--ledger", type=Path, metavar="FILE", help="write the ledger here (OUTPUT.ledger.jsonl)")
    one.add_argument("--undo", type=Path, metavar="LEDGER", help="restore the rows as they were before this cleaning")
    _for_spreadsheets(one)


def _for_spreadsheets(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--for-spreadsheets", action="store_true", help="put an apostrophe before cells that a spreadsheet would run"
    )


def _label(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", metavar="RECIPE|DATA", help="a recipe, or a file of rows")
    one.add_argument("--target", metavar="COLUMN", help="the column to be learnt")
    one.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="the rows to look at, or those with their labels"
    )
    one.add_argument("--count", type=int, default=100, metavar="N", help="how many rows to look at (%(default)s)")
    one.add_argument("--to", choices=["table", "label-studio"], default="table", help="the form (%(default)s)")
    one.add_argument("--take", type=Path, metavar="FILE", help="labels given: a table, or Label Studio's JSON")
    one.add_argument("--new-classes", action="store_true", help="take labels of classes that no row has yet")
    one.add_argument("--ledger", type=Path, metavar="FILE", help="write the ledger here (OUTPUT.ledger.jsonl)")


def _version(one: argparse.ArgumentParser) -> None:
    one.add_argument("version", metavar="VERSION", help="NAME, NAME@N or NAME@ALIAS")


def _predict(one: argparse.ArgumentParser) -> None:
    _version(one)
    one.add_argument("data", nargs="?", metavar="DATA", help="a file of rows")
    rows = one.add_mutually_exclusive_group()
    rows.add_argument("--text", action="append", metavar="TEXT", help="one text (may be repeated)")
    rows.add_argument(
        "--row", action="append", metavar="JSON", help="""one row, such as '{"a": 1}' (may be repeated)"""
    )
    one.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the answers as .csv, .tsv, .jsonl or .parquet"
    )
    _for_spreadsheets(one)
    add_writing(one)


def _chat(one: argparse.ArgumentParser) -> None:
    _version(one)
    add_writing(one)


def _evaluate(one: argparse.ArgumentParser) -> None:
    _version(one)
    one.add_argument("data", metavar="DATA", help="a file of labelled rows")
    one.add_argument("--slice", action="append", default=[], metavar="COLUMN", help="also by this column's values")


def _report(one: argparse.ArgumentParser) -> None:
    _version(one)
    one.add_argument("-o", "--output", type=Path, metavar="FILE", help="(NAME-N.html)")


def _eject(one: argparse.ArgumentParser) -> None:
    _version(one)
    one.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder, or an empty one")
    place = "the folder that the recipe's paths start from (the current one)"
    one.add_argument("--from", dest="place", type=Path, default=Path(), metavar="DIR", help=place)
    one.add_argument("--model-only", action="store_true", help="write the model alone; needs no rows")


def _trace(one: argparse.ArgumentParser) -> None:
    _recipe(one)
    one.add_argument("--row", required=True, metavar="ID", help="a row's id, or its number in the file")


def _versions(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", nargs="?", metavar="NAME", help="only versions of this name")


def _verify(one: argparse.ArgumentParser) -> None:
    one.add_argument("version", nargs="?", metavar="VERSION", help="only this version and the history")


OPTIONS = {
    "demo": _demo,
    "init": _init,
    "import": _import,
    "show": _recipe,
    "check": _check,
    "clean": _clean,
    "label": _label,
    "train": _train,
    "predict": _predict,
    "chat": _chat,
    "evaluate": _evaluate,
    "report": _report,
    "eject": _eject,
    "trace": _trace,
    "versions": _versions,
    "inspect": _version,
    "verify": _verify,
}
