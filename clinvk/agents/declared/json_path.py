"""Finding a value in what an agent printed, by a path such as `message.content.*.text`."""

from collections.abc import Iterator, Mapping

from clinvk.agents.kit.jsonl import amount, count
from clinvk.model.events import Json


def find(value: Json, path: str) -> list[Json]:
    """Every value that the path leads to, in order; null counts as nothing.

    A step is a key, a place in a list counted from 0, or `*` for all of a list or an object.
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


class Finder:
    """One place of the output: a `path`, in objects where the paths of `where` have those values.

    Without a form nothing is ever found.
    """

    def __init__(self, form: Mapping[str, Json] | None) -> None:
        self._path: str | None = form["path"] if form else None
        self._where: Mapping[str, Json] = (form.get("where") or {}) if form else {}

    def values(self, said: Json) -> list[Json]:
        """What is found in one object."""
        if self._path is None or not all(
            wanted in find(said, path) for path, wanted in self._where.items()
        ):
            return []
        return find(said, self._path)

    def text(self, said: Json) -> str | None:
        """The texts that are found, joined; None if there is none."""
        texts = [one for one in self.values(said) if isinstance(one, str)]
        return "".join(texts) if texts else None

    def count(self, said: Json) -> int | None:
        """The sum of the whole numbers that are found; None if there is none."""
        counts = [number for one in self.values(said) if (number := count(one)) is not None]
        return sum(counts) if counts else None

    def amount(self, said: Json) -> float | None:
        """The sum of the numbers that are found; None if there is none."""
        amounts = [number for one in self.values(said) if (number := amount(one)) is not None]
        return sum(amounts) if amounts else None
