"""Small XML files of strangers: elements and their text, and nothing that could be expanded or fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from ...core.errors import DataError

DEEPEST = 50


@dataclass(slots=True)
class Element:
    """An element: its name, the line it starts in, its text without the space around it, and what it holds."""

    name: str
    line: int
    text: str = ""
    inner: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the elements of a name directly within this one."""
        return (one for one in self.inner if one.name == name)

    def find(self, path: str) -> Element | None:
        """Return the first element at a path of names such as `size/width`, None where there is none."""
        name, _, rest = path.partition("/")
        found = next(self.all(name), None)
        return found.find(rest) if found is not None and rest else found

    def said(self, path: str) -> str:
        """Return the text of the first element at a path, empty where there is none."""
        found = self.find(path)
        return "" if found is None else found.text


def parsed(data: bytes, name: str) -> Element:
    """Return the root element of an XML text.

    Raises DataError with the line where it is none, is nested deeply, or declares a document type: entities, which
    may grow without end or name other files, cannot be declared without one.
    """
    top = Element("", 0)
    path = [top]
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(path) > DEEPEST:
            raise DataError(f"{name} line {parser.CurrentLineNumber}: elements nested too deeply; export it again")
        element = Element(tag, parser.CurrentLineNumber)
        path[-1].inner.append(element)
        path.append(element)

    def end(tag: str) -> None:
        path[-1].text = path[-1].text.strip()
        path.pop()

    def text(said: str) -> None:
        path[-1].text += said

    def refuse(*declared: object) -> None:
        fact = "a document type, by which entities could grow without end"
        raise DataError(f"{name} line {parser.CurrentLineNumber}: {fact}; take the DOCTYPE out")

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        fact = expat.ErrorString(error.code)
        raise DataError(
            f"{name} line {error.lineno}: not XML: {fact}; export it again, or copy it completely"
        ) from error
    except DataError:
        raise
    except (LookupError, ValueError) as error:
        raise DataError(f"{name}: its encoding cannot be read ({error}); save it as UTF-8") from error
    return top.inner[0]
