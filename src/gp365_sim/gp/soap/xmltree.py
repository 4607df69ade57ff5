"""XML as the service takes it: elements by namespace and name, prefixes kept for `xsi:type`; no document types."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape

Name = tuple[str, str]
"""Namespace (empty: none) and local name."""

DEEPEST = 60


class BadXml(ValueError):
    """The text is no XML, or not such as a SOAP message may be."""


@dataclass(eq=False)
class Node:
    """An element: attributes by name, its text without that of its children, and the prefixes that hold in it."""

    name: Name
    attributes: dict[Name, str]
    prefixes: dict[str, str]
    children: list["Node"] = field(default_factory=list["Node"])
    text: str = ""

    def find(self, name: Name) -> "Node | None":
        """Find the first child of a name."""
        return next((each for each in self.children if each.name == name), None)

    def resolve(self, qualified: str) -> Name:
        """Read a name with a prefix as it stands in a value; raises `BadXml` for an unknown prefix."""
        prefix, _, local = qualified.strip().rpartition(":")
        if prefix not in self.prefixes and prefix:
            raise BadXml(f"the prefix {prefix} is not declared")
        return self.prefixes.get(prefix, ""), local


def parse(body: bytes) -> Node:
    """Read a document; raises `BadXml`, also for a document type, which SOAP forbids (SOAP 1.1, section 3)."""
    building = _Building()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.characters
    parser.StartNamespaceDeclHandler = building.declared
    parser.StartDoctypeDeclHandler = building.doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise BadXml(f"the message is not XML: {error}") from None
    assert building.root is not None
    return building.root


class _Building:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._declared: dict[str, str] = {}

    def declared(self, prefix: str | None, uri: str | None) -> None:
        self._declared[prefix or ""] = uri or ""

    def doctype(self, *_: object) -> None:
        raise BadXml("a SOAP message must not contain a document type declaration")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise BadXml("the message is nested too deeply")
        above = self._open[-1].prefixes if self._open else {}
        prefixes = {**above, **self._declared} if self._declared else above
        self._declared = {}
        node = Node(_name(name), {_name(each): value for each, value in attributes.items()}, prefixes)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text


def _name(spoken: str) -> Name:
    space, _, local = spoken.rpartition(" ")
    return space, local


def escaped(text: str) -> str:
    """Write a text between tags; carriage returns survive, other controls (which XML 1.0 cannot hold) become `?`."""
    if not text.isprintable():
        text = "".join(_CONTROLS.get(each, each) for each in text)
        return escape(text).replace("\r", "&#13;")
    return escape(text)


def quoted(text: str) -> str:
    """Write a text as the value of an attribute, with its quotation marks."""
    return '"' + escaped(text).replace('"', "&quot;") + '"'


def texts(node: Node) -> Iterator[str]:
    """Give all texts below an element, in order."""
    yield node.text
    for each in node.children:
        yield from texts(each)


_CONTROLS = {chr(code): "?" for code in range(32) if chr(code) not in "\t\n\r"}
