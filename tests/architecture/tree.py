"""The package's source as the architecture tests see it: files, syntax trees, functions."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "tunesmith"
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

Callable = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One function of one file, `owner` the class it is a method of, `is_nested` where it stands in another."""

    path: Path
    node: Callable
    owner: str
    is_nested: bool

    @property
    def where(self) -> str:
        name = f"{self.owner}.{self.node.name}" if self.owner else self.node.name
        return f"{self.path.relative_to(ROOT)}:{self.node.lineno} {name}"

    @property
    def parameters(self) -> list[ast.arg]:
        found = self.node.args
        listed = [*found.posonlyargs, *found.args, *found.kwonlyargs]
        starred = [one for one in (found.vararg, found.kwarg) if one is not None]
        is_bound = self.owner and not any(_name(one) == "staticmethod" for one in self.node.decorator_list)
        return listed[1:] + starred if is_bound else listed + starred

    @property
    def is_public(self) -> bool:
        return not self.is_nested and not self.node.name.startswith("_") and not self.owner.startswith("_")

    def body_lines(self) -> int:
        """Count the lines of the body that hold code: no docstring, comment or blank line."""
        body = self.node.body[1:] if ast.get_docstring(self.node) is not None else self.node.body
        if not body:
            return 0
        return sum(body[0].lineno <= line <= (self.node.end_lineno or 0) for line in code_lines(self.path))


@cache
def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def code_lines(path: Path) -> frozenset[int]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    spans = [range(one.start[0], one.end[0] + 1) for one in tokens if one.type not in LAYOUT]
    return frozenset(line for span in spans for line in span)


@cache
def functions() -> list[Function]:
    return [found for path in files() for found in _functions(path, syntax(path), "", False)]


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in files():
        yield from ((path, node) for node in ast.walk(syntax(path)) if isinstance(node, ast.ClassDef))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path, node: ast.AST, owner: str, is_nested: bool) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Callable):
            yield Function(path, child, owner, is_nested)
            yield from _functions(path, child, "", True)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(path, child, child.name, is_nested)
        else:
            yield from _functions(path, child, owner, is_nested)


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))
