"""The fields of a record, checked one by one, and the session that they make.

Every complaint is a `ValueError` that ends a sentence about the record. With `lenient` (a newer
schema, whose words may be new) an optional field that makes no sense has its default.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from clinvk.model.access import Access
from clinvk.model.session import SCHEMA, OpenTurn, Session, Status, TitleSource
from clinvk.model.usage import FIGURES, UNKNOWN_USAGE, FigureCounts, Usage
from clinvk.text.json_codec import time_from_text
from clinvk.text.normalize import normal

_USAGE = (
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
)

_STORED = (Status.ACTIVE, Status.ERROR, Status.COMPLETED)

KNOWN = frozenset(
    {
        "schema",
        "id",
        "name",
        "title",
        "title_source",
        "backend",
        "backend_session_id",
        "backend_session_seen",
        "model",
        "model_requested",
        "access",
        "system_prompt",
        "cwd",
        "status",
        "archived",
        "parent",
        "tags",
        "created_at",
        "last_used_at",
        "turns",
        "turns_reported",
        "usage",
        "cost_usd",
        "figures_reported",
        "counters",
        "counters_turn",
        "open_turn",
    }
)
"""The names of a record's fields; all others are kept as they are."""

_Word = TypeVar("_Word", bound=StrEnum)
_Default = TypeVar("_Default")
HUGE = 1e300
"""An amount beyond it is none."""

_MOST = 1 << 63
"""A larger count is none, and no database could hold it."""
_MISSING = object()


def read_session(data: object) -> Session:
    """The session that the JSON value says. Raises `ValueError` with what is wrong."""
    if not isinstance(data, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  one kind for all complaints
    schema = data.get("schema", SCHEMA)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ValueError("`schema` is not a version number")
    fields = _Fields(data, lenient=schema > SCHEMA)
    created_at = fields.time("created_at")
    return Session(
        schema=schema,
        id=fields.text("id"),
        backend=fields.text("backend"),
        cwd=fields.text("cwd"),
        created_at=created_at,
        last_used_at=fields.time("last_used_at", created_at),
        name=fields.name("name"),
        title=fields.text_or_none("title") or "",
        title_source=fields.word("title_source", TitleSource) or TitleSource.PROMPT,
        conversation=fields.text_or_none("backend_session_id"),
        conversation_seen=fields.flag("backend_session_seen"),
        model=fields.text_or_none("model"),
        model_asked=fields.text_or_none("model_requested"),
        access=fields.access("access"),
        system_prompt=fields.text_or_none("system_prompt"),
        status=fields.status("status"),
        archived=fields.flag("archived"),
        parent=fields.text_or_none("parent"),
        tags=fields.tags("tags"),
        turns=fields.count("turns") or 0,
        turns_reported=fields.count("turns_reported") or 0,
        usage=fields.usage("usage"),
        cost_usd=fields.amount("cost_usd"),
        figures_reported=fields.figure_counts("figures_reported"),
        counters=fields.mapping("counters"),
        counters_turn=fields.count("counters_turn") or 0,
        open_turn=fields.open_turn("open_turn"),
        unknown={key: value for key, value in data.items() if key not in KNOWN},
    )


def read_usage(data: object) -> Usage:
    """The figures of a JSON object. Raises `ValueError` for one that is no number of tokens.

    One that cannot be true, such as less than none, is unknown: an agent may have said it.
    """
    if data is None:
        return UNKNOWN_USAGE
    if not isinstance(data, dict):
        raise ValueError("`usage` is not an object")  # noqa: TRY004  one kind for all complaints
    fields = _Fields(data, lenient=False)
    figures = {name: fields.figure(name) for name in _USAGE}
    return Usage(**figures) if any(map(_is_known, figures.values())) else UNKNOWN_USAGE


class _Fields:
    """One JSON object, read field by field."""

    __slots__ = ("_data", "_lenient")

    def __init__(self, data: Mapping[str, Any], *, lenient: bool) -> None:
        self._data = data
        self._lenient = lenient

    def text(self, name: str) -> str:
        value = self._data.get(name, _MISSING)
        if isinstance(value, str):
            return value
        raise ValueError(f"`{name}` {'is missing' if value is _MISSING else 'is not a text'}")

    def text_or_none(self, name: str) -> str | None:
        value = self._data.get(name)
        if value is None or isinstance(value, str):
            return value
        return self._wrong(name, "a text", None)

    def name(self, name: str) -> str | None:
        value = self.text_or_none(name)
        return None if value is None else normal(value)

    def flag(self, name: str) -> bool:
        value = self._data.get(name)
        if isinstance(value, bool):
            return value
        return False if value is None else self._wrong(name, "true or false", False)

    def count(self, name: str) -> int | None:
        value = self._data.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
            return value
        return self._wrong(name, "a count", None)

    def figure(self, name: str) -> int | None:
        value = self._data.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value if value is not None and 0 <= value < _MOST else None
        return self._wrong(name, "a count", None)

    def mapping(self, name: str) -> dict[str, Any] | None:
        value = self._data.get(name)
        if value is None or isinstance(value, dict):
            return value
        return self._wrong(name, "an object", None)

    def amount(self, name: str) -> float | None:
        value = self._data.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < HUGE:
            return float(value)
        return self._wrong(name, "an amount", None)

    def time(self, name: str, default: datetime | None = None) -> datetime:
        value = self._data.get(name)
        if value is None and default is not None:
            return default
        try:
            return time_from_text(value)
        except ValueError:
            raise ValueError(
                f"`{name}` {'is missing' if value is None else 'is not a time'}"
            ) from None

    def word(self, name: str, words: type[_Word]) -> _Word | None:
        value = self._data.get(name)
        if value is None:
            return None
        try:
            return words(value)
        except ValueError:
            return self._wrong(name, f"one of {', '.join(words)}", None)

    def access(self, name: str) -> Access | None:
        """Never guessed: a rung that is not understood would be the agent's own default."""
        value = self._data.get(name)
        try:
            return None if value is None else Access(value)
        except ValueError:
            raise ValueError(f"`{name}` is not one of {', '.join(Access)}") from None

    def status(self, name: str) -> Status:
        status = self.word(name, Status) or Status.ACTIVE
        if status in _STORED:
            return status
        return self._wrong(name, f"one of {', '.join(_STORED)}", Status.ACTIVE)

    def tags(self, name: str) -> tuple[str, ...]:
        value = self._data.get(name)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
            return tuple(dict.fromkeys(map(normal, value)))
        return self._wrong(name, "a list of texts", ())

    def usage(self, name: str) -> Usage:
        try:
            return read_usage(self._data.get(name))
        except ValueError:
            return self._wrong(name, "an object of counts", UNKNOWN_USAGE)

    def figure_counts(self, name: str) -> FigureCounts | None:
        value = self._data.get(name)
        if value is None:
            return None
        inner = _Fields(value if isinstance(value, dict) else {}, lenient=True)
        counts = {figure: inner.figure(figure) for figure in FIGURES}
        known = {figure: count for figure, count in counts.items() if count is not None}
        if len(known) == len(FIGURES):
            return known
        return self._wrong(name, "an object of counts", None)

    def open_turn(self, name: str) -> OpenTurn | None:
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            return self._wrong(name, "a turn", None)
        inner = _Fields(value, lenient=False)
        number = inner.count("number")
        if number is None or number < 1:
            return self._wrong(name, "a turn", None)
        return OpenTurn(number=number, started_at=inner.time("started_at"))

    def _wrong(self, name: str, wanted: str, default: _Default) -> _Default:
        """What stands in place of a field that makes no sense, if that is allowed."""
        if self._lenient:
            return default
        raise ValueError(f"`{name}` is not {wanted}")


def _is_known(value: int | None) -> bool:
    return value is not None
