"""Parses the YAML of a configuration: its value, and the line of each key."""

from collections.abc import Iterator, Sequence

import yaml
from msgspec import Struct

from clinvk.errors import ConfigError
from clinvk.model.events import Json

_MOST_NODES = 1 << 18
"""The largest allowed text without aliases has fewer; more is a mistake or an attack."""

_SECTIONS = ("session", "run", "output", "backends")


class Document(Struct, frozen=True):
    """One YAML document; if it is empty, `root` is None and `value` is empty."""

    root: yaml.Node | None
    value: Json

    def line_of(self, location: Sequence[int | str]) -> int | None:
        """The line (from 1) of the value at a location, or of its nearest existing parent."""
        node, line = self.root, None
        for part in location:
            if isinstance(node, yaml.MappingNode):
                entry = find_entry(node, str(part))
                if entry is None:
                    break
                line, node = entry[0].start_mark.line + 1, entry[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
                line = node.start_mark.line + 1
        return line

    def sections(self) -> dict[str, Json]:
        """The value of a valid document without empty sections."""
        values = {
            key: value
            for key, value in self.value.items()
            if not (key in _SECTIONS and value is None)
        }
        if "backends" in values:
            values["backends"] = {name: one for name, one in values["backends"].items() if one}
        return values


def read_document(text: bytes | str, origin: str) -> Document:
    """Parse a text. Raises `ConfigError` with the line for invalid YAML and for repeated keys."""
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is not None:
            _size(root, origin, {})
        value = {} if root is None else loader.construct_document(root)
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = origin if mark is None else f"{origin}:{mark.line + 1}"
        why = f": {problem}" if problem else ""
        raise ConfigError(f"{where}: this is not YAML{why}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{origin}: this cannot be read: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()
    if value is None:
        return Document(None, {})
    for key, line in _duplicate_keys(root):
        raise ConfigError(f"{origin}:{line}: duplicate key `{key}`", hint="keep one of them")
    return Document(root, value)


def find_entry(node: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The nodes of a key and its value; None if the mapping does not have the key."""
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode) and name.value == key:
            return name, value
    return None


def _duplicate_keys(
    node: yaml.Node | None, path: str = "", depth: int = 0
) -> Iterator[tuple[str, int]]:
    """Repeated keys with the line of the second: YAML uses the last, a person sees the first."""
    if not isinstance(node, yaml.MappingNode) or depth > len(_SECTIONS):
        return
    seen: set[str] = set()
    for name, value in node.value:
        key = f"{path}{name.value}"
        if isinstance(name, yaml.ScalarNode) and key in seen:
            yield key, name.start_mark.line + 1
        seen.add(key)
        yield from _duplicate_keys(value, f"{key}.", depth + 1)


def _size(node: yaml.Node, origin: str, known: dict[int, int | None]) -> int:
    """The number of nodes with all aliases expanded. Also joins surrogate pairs to characters.

    Raises `ValueError` for an alias that contains itself and for too many nodes, and `ConfigError`
    for an escape that is half a character, which no program accepts.
    """
    if id(node) in known:
        if (size := known[id(node)]) is None:
            raise ValueError("an alias contains itself")
        return size
    known[id(node)] = None
    size = 1
    if isinstance(node, yaml.ScalarNode):
        try:
            # JSON writes an emoji as two escapes, which YAML leaves as two halves.
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            where = f"{origin}:{node.start_mark.line + 1}"
            raise ConfigError(f"{where}: half a character (`\\ud800` to `\\udfff`)") from error
    elif isinstance(node, yaml.CollectionNode):
        for entry in node.value:
            for each in entry if isinstance(entry, tuple) else (entry,):
                size += _size(each, origin, known)
    if size > _MOST_NODES:
        raise ValueError("its aliases expand to more than a configuration can have")
    known[id(node)] = size
    return size
