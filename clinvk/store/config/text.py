"""Changes one key in the text of a configuration, and nothing else.

This is not a YAML writer: it finds the key in the parsed document and replaces only its characters.
So comments, order, quotes and blank lines stay, which a YAML library would reformat. The result is
parsed again and compared with what was wanted; a text that is too unusual (anchors, several keys on
a line) is refused unchanged.
"""

import textwrap
from collections.abc import Mapping, Sequence

import yaml
from msgspec import Struct

from clinvk.errors import ConfigError
from clinvk.model.config import nest
from clinvk.model.events import Json
from clinvk.store.config.values import value_to_yaml
from clinvk.store.config.yaml import Document, find_entry, read_document

_STEP = 2
"""The default indentation of a section's keys."""

_Entry = tuple[yaml.Node, yaml.Node]


class TooUnusualError(ValueError):
    """The text cannot be changed in place."""


def with_key(text: str, key: str, value: Json) -> str:
    """The text with the key set. Raises `ConfigError` if it is not YAML, and `TooUnusualError`."""
    document = read_document(text, "the file")
    parts = key.split(".")
    try:
        changed = _Page(text, document).put(parts, value)
    except (ValueError, LookupError) as error:
        raise TooUnusualError("its form is too unusual") from error
    return _proven(changed, {**_leaves(document.value), key: value})


def with_backend(text: str, example: str) -> str:
    """The text with the one backend of another configuration, and that one's comments.

    The example begins with comments and has a line `backends:`. Raises like `with_key`,
    `TooUnusualError` also if the text has keys of that backend.
    """
    document, added = read_document(text, "the file"), read_document(example, "the example")
    [name] = added.value["backends"]
    about, _, lines = example.partition("backends:\n")
    try:
        changed = _Page(text, document).paste(name, about + textwrap.dedent(lines))
    except TooUnusualError:
        raise
    except (ValueError, LookupError) as error:
        raise TooUnusualError("its form is too unusual") from error
    return _proven(changed, {**_leaves(document.value), **_leaves(added.value)})


def without_key(text: str, key: str) -> str | None:
    """The text without the key; None if it does not have the key. Raises like `with_key`."""
    document = read_document(text, "the file")
    try:
        changed = _Page(text, document).take(key.split("."))
    except (ValueError, LookupError) as error:
        raise TooUnusualError("its form is too unusual") from error
    if changed is None:
        return None
    leaves = _leaves(document.value)
    left = {one: value for one, value in leaves.items() if not f"{one}.".startswith(f"{key}.")}
    return _proven(changed, left)


class _Page(Struct, frozen=True):
    """A text and its parsed document."""

    text: str
    document: Document

    def put(self, parts: Sequence[str], value: Json) -> str:
        """The text with the value at that place, which is found by the parser's positions."""
        path, rest = self._way_to(parts)
        if not path:
            return self._append(self._block(nest({".".join(rest): value}), self._column()))
        name, node = path[-1]
        if not rest:
            return self._replace(name, node, f" {value_to_yaml(value)}")
        inner = nest({".".join(rest): value})
        if isinstance(node, yaml.MappingNode) and node.value:
            if node.flow_style:
                return self._insert_in_braces(node, inner)
            return self._insert_lines(node, inner)
        if _flows(self.document.root) or any(_flows(one) for _, one in path[:-1]):
            return self._replace(name, node, f" {value_to_yaml(inner)}")
        column = name.start_mark.column + self._step()
        return self._replace(name, node, "", below=self._block(inner, column))

    def paste(self, name: str, lines: str) -> str:
        """The text with these lines, from the first column on, as the backend of that name."""
        path, rest = self._way_to(["backends", name])
        if not rest:
            raise TooUnusualError(f"it has a section `backends.{name}`")
        node = path[0][1] if path else None
        inside = isinstance(node, yaml.MappingNode) and bool(node.value)
        if _flows(self.document.root) or (inside and _flows(node)):
            raise TooUnusualError("its section `backends` is in braces")
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        column = entries[0][0].start_mark.column if entries else self._column() + self._step()
        body = textwrap.indent(lines, " " * column).replace("\n", self._newline)
        if not path:
            return self._append(f"{' ' * self._column()}backends:{self._newline}{body}")
        if not entries:
            return self._replace(*path[0], "", below=body)
        at = self._line_end(_end(self.text, entries[-1]))
        head = self.text[:at]
        return head + ("" if head.endswith("\n") else self._newline) + body + self.text[at:]

    def take(self, parts: Sequence[str]) -> str | None:
        """The text without that entry, and without the sections that are then empty."""
        path, rest = self._way_to(parts)
        if rest:
            return None
        if _flows(self.document.root):
            return value_to_yaml(_without(self.document.value, parts)) + self._newline
        braces = [at for at, (_, node) in enumerate(path[:-1]) if _flows(node)]
        if braces:
            at = braces[0]
            name, node = path[at]
            left = _without(_plain(node), parts[at + 1 :])
            return self._replace(name, node, f" {value_to_yaml(left)}")
        at = len(path) - 1
        while at and self._is_alone(path[at - 1], path[at]):
            at -= 1
        start = self.text.rfind("\n", 0, path[at][0].start_mark.index) + 1
        return self.text[:start] + self.text[self._line_end(_end(self.text, path[-1])) :]

    def _way_to(self, parts: Sequence[str]) -> tuple[list[_Entry], Sequence[str]]:
        """The existing entries on the path to a key, and the parts of the path that are missing."""
        node, path = self.document.root, list[_Entry]()
        for at, part in enumerate(parts):
            entry = find_entry(node, part) if isinstance(node, yaml.MappingNode) else None
            if entry is None:
                return path, parts[at:]
            path.append(entry)
            node = entry[1]
        return path, ()

    def _replace(self, name: yaml.Node, node: yaml.Node, value: str, *, below: str = "") -> str:
        """Replace the value by `value` after the key's colon and the lines `below` under it.

        Other text on the key's line and whole lines of comment in between stay.
        """
        text = self.text
        start, end = node.start_mark.index, _end(text, (name, node))
        on_its_line = "\n" not in text[name.end_mark.index : start]
        if on_its_line and start < end and not below:
            return text[:start] + value.lstrip() + text[end:]
        colon = text.index(":", name.end_mark.index) + 1
        if on_its_line:
            line_end = self._line_end(end)
            tail = text[end:line_end].rstrip("\r\n")
            head = text[:colon] + value + (f" {tail.lstrip()}" if tail.strip() else "")
            return head + self._newline + below + text[line_end:]
        first_end, line_end = self._line_end(colon), self._line_end(end)
        comments = [
            line
            for line in text[first_end:line_end].splitlines(keepends=True)
            if line.lstrip().startswith("#")
        ]
        head = text[:colon] + value + text[colon:first_end]
        return head + "".join(comments) + below + text[line_end:]

    def _insert_lines(self, node: yaml.MappingNode, inner: Mapping[str, Json]) -> str:
        """Insert lines at the end of a section."""
        at = self._line_end(_end(self.text, node.value[-1]))
        column = node.value[0][0].start_mark.column
        head = self.text[:at]
        if not head.endswith("\n"):
            head += self._newline
        return head + self._block(inner, column) + self.text[at:]

    def _insert_in_braces(self, node: yaml.MappingNode, inner: Mapping[str, Json]) -> str:
        at = node.end_mark.index - 1
        head = self.text[:at].rstrip()
        comma = " " if head.endswith(",") else ", "
        return head + comma + value_to_yaml(inner)[1:-1] + self.text[at:]

    def _append(self, lines: str) -> str:
        """Append a section to the text."""
        root = self.document.root
        if isinstance(root, yaml.MappingNode) and root.flow_style:
            inner = yaml.safe_load(lines)
            if root.value:
                return self._insert_in_braces(root, inner)
            return self.text[: root.start_mark.index] + lines + self.text[root.end_mark.index :]
        text = self.text
        if text and not text.endswith("\n"):
            text += self._newline
        return text + lines

    def _block(self, inner: Mapping[str, Json], column: int) -> str:
        """The lines of nested sections, indented to a column."""
        lines = ""
        for key, value in inner.items():
            lines += " " * column + key + ":"
            if isinstance(value, dict):
                lines += self._newline + self._block(value, column + self._step())
            else:
                lines += f" {value_to_yaml(value)}{self._newline}"
        return lines

    def _is_alone(self, section: _Entry, entry: _Entry) -> bool:
        """Whether a section contains only that entry and no comment."""
        name, node = section
        if not isinstance(node, yaml.MappingNode) or len(node.value) > 1:
            return False
        colon = self.text.index(":", name.end_mark.index) + 1
        rest = self.text[self._line_end(_end(self.text, entry)) :].lstrip("\r\n")
        line = rest.partition("\n")[0]
        follows = line.lstrip().startswith("#") and line[:1] == " "
        return not follows and not self.text[colon : entry[0].start_mark.index].strip()

    def _line_end(self, index: int) -> int:
        """The index after the end of the line that contains `index`."""
        return self.text.find("\n", index) + 1 or len(self.text)

    def _column(self) -> int:
        root = self.document.root
        if isinstance(root, yaml.MappingNode) and root.value and not root.flow_style:
            return int(root.value[0][0].start_mark.column)
        return 0

    def _step(self) -> int:
        """The indentation of the first section in the text."""
        root = self.document.root
        for name, node in root.value if isinstance(root, yaml.MappingNode) else ():
            if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
                step = node.value[0][0].start_mark.column - name.start_mark.column
                return step if step > 0 else _STEP
        return _STEP

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def _end(text: str, entry: _Entry) -> int:
    """The index after the last character of an entry.

    The parser puts the end of a block after the comments that follow it, so it is not used.
    """
    name, node = entry
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last if isinstance(last, tuple) else (last, last))
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        return text.index(":", name.end_mark.index) + 1 if name is not node else end
    return start + len(text[start:end].rstrip())


def _flows(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.MappingNode) and bool(node.flow_style)


def _plain(node: yaml.Node) -> Json:
    return yaml.SafeLoader("").construct_document(node)


def _without(value: Mapping[str, Json], parts: Sequence[str]) -> dict[str, Json]:
    """The nested value without one entry, and without the sections that are then empty."""
    first, *rest = parts
    inner = _without(value[first], rest) if rest else {}
    left = {key: inner if key == first else kept for key, kept in value.items()}
    if not inner:
        del left[first]
    return left


def _proven(text: str, wanted: Mapping[str, Json]) -> str:
    """The changed text, after a check that it has exactly the wanted values."""
    try:
        leaves = _leaves(read_document(text, "the file").value)
    except ConfigError as error:
        raise TooUnusualError(error.message) from error
    if leaves != wanted:
        raise TooUnusualError("the change would affect other keys")
    return text


def _leaves(value: Json, path: str = "") -> dict[str, Json]:
    """Every value by its key; an empty section has none."""
    if not isinstance(value, dict):
        return {path: value} if path else {}
    leaves: dict[str, Json] = {}
    for key, inner in value.items():
        if inner is None and key != "default_backend" and path in ("", "backends"):
            continue
        leaves |= _leaves(inner, f"{path}.{key}" if path else str(key))
    return leaves
