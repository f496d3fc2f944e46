"""Finds values in an agent's output by a path such as `message.content.*.text`."""

from collections.abc import Iterator, Mapping

from clinvk.agents.kit.jsonl import amount, count
from clinvk.model.events import Json


def find(value: Json, path: str) -> list[Json]:
    """All values at the path, in order, without null.

    A step is a key, an index of a list counted from 0, or `*` for all values of a list or an
    object.
    """
    found = [value]
    for step in path.split("."):
        found = [inner for one in found for inner in _inside(one, step)]
    return [one for one in found if one is not None]


def _inside(value: Json, step: str) -> Iterator[Json]:
    if step == "*":
        yield from value if isinstance(value, list) else ()
        yield from value.values() if isinstance(value, dict) else ()
    elif isinstance(value, dict):
        if step in value:
            yield value[step]
    elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        yield value[int(step)]


class JsonPath:
    """A place in the output: a `path`, and optionally conditions on the object.

    Each entry of `where` is a path and the value that the object must have there. Without a `form`
    nothing is found.
    """

    def __init__(self, form: Mapping[str, Json] | None) -> None:
        self._path: str | None = form["path"] if form else None
        self._where: Mapping[str, Json] = (form.get("where") or {}) if form else {}

    def values(self, entry: Json) -> list[Json]:
        """The values that are found in one object."""
        if self._path is None or not all(
            wanted in find(entry, path) for path, wanted in self._where.items()
        ):
            return []
        return find(entry, self._path)

    def text(self, entry: Json) -> str | None:
        """The texts that are found, joined; None if there are none."""
        texts = [one for one in self.values(entry) if isinstance(one, str)]
        return "".join(texts) if texts else None

    def count(self, entry: Json) -> int | None:
        """The sum of the whole numbers that are found; None if there are none."""
        counts = [number for one in self.values(entry) if (number := count(one)) is not None]
        return sum(counts) if counts else None

    def amount(self, entry: Json) -> float | None:
        """The sum of the numbers that are found; None if there are none."""
        amounts = [number for one in self.values(entry) if (number := amount(one)) is not None]
        return sum(amounts) if amounts else None
