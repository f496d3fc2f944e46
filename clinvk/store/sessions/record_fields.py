"""The fields of a record in one table: name, attribute of `Session`, how to read and write it.

Reading, writing, the published JSON Schema and a transcript's `session` line all use it. Every
error is a `ValueError` with the end of a sentence about the record.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from clinvk.model.access import Access
from clinvk.model.conversation import Conversation
from clinvk.model.effort import Effort
from clinvk.model.session import SCHEMA, OpenTurn, Session, Status, TitleSource
from clinvk.model.usage import FIGURES, UNKNOWN_USAGE, Usage
from clinvk.text.json_codec import time_from_text, time_to_text
from clinvk.text.normalize import normal

HUGE = 1e300
"""A larger amount is invalid."""

_MOST = 1 << 63
"""A larger count is invalid, and databases cannot store it."""


class Kind(NamedTuple):
    """A kind of value: `read` raises `ValueError` for an invalid value, `write` returns JSON.

    `wanted` ends the sentence "`name` is not …". A missing or null field has the `default`, unless
    it is `required`. In a record of a newer schema, which may have new values, an invalid field has
    the default too, unless it is `firm`.
    """

    wanted: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value
    default: Any = None
    required: bool = False
    firm: bool = False


class RecordField(NamedTuple):
    """A field of a JSON object; `from_turns`: it also follows from a transcript's turns."""

    name: str
    attribute: str
    kind: Kind
    from_turns: bool = False


class _NestedError(ValueError):
    """An error in a field of a field, with its own message."""


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: object) -> object:
        if isinstance(value, kind):
            return value
        raise ValueError

    return read


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
        return value
    raise ValueError


def _version(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError


def _amount(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < HUGE:
        return float(value)
    raise ValueError


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return tuple(dict.fromkeys(map(normal, value)))
    raise ValueError


def _directories(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(dict.fromkeys(value))
    raise ValueError


def _figure_counts(value: object) -> Mapping[str, int]:
    if isinstance(value, dict):
        return {figure: _count(value.get(figure)) for figure in FIGURES}
    raise ValueError


def _open_turn(value: object) -> OpenTurn:
    if not isinstance(value, dict) or not _count(value.get("number")):
        raise ValueError
    return OpenTurn(**_nested(value, OPEN_TURN))


def _conversations(value: object) -> tuple[Conversation, ...]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError
    conversations = [Conversation(**_nested(one, CONVERSATION)) for one in value]
    if len({one.backend for one in conversations}) < len(conversations):
        raise ValueError
    return tuple(one for one in conversations if one != Conversation(backend=one.backend))


def _nested(value: Mapping[str, Any], table: Iterable[RecordField]) -> dict[str, Any]:
    try:
        return read_fields(value, table)
    except ValueError as error:
        raise _NestedError(*error.args) from None


def _words(words: Iterable[StrEnum], default: object = None, *, firm: bool = False) -> Kind:
    known = {word.value: word for word in words}

    def read(value: object) -> StrEnum:
        word = known.get(value) if isinstance(value, str) else None
        if word is None:
            raise ValueError
        return word

    return Kind(f"one of {', '.join(known)}", read, str, default, firm=firm)


def read_usage(data: object) -> Usage:
    """The token counts of a JSON object. Raises `ValueError` for values that are not integers.

    An impossible value, such as a negative one, is unknown: an agent may have reported it.
    """
    if data is None:
        return UNKNOWN_USAGE
    figures = {name: _figure(_exactly(dict)(data).get(name)) for name in Usage.__struct_fields__}
    return Usage(**figures) if any(one is not None for one in figures.values()) else UNKNOWN_USAGE


def _figure(value: object) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError
    return value if value is not None and 0 <= value < _MOST else None


VERSION = Kind("a version number", _version, required=True, firm=True)
TEXT = Kind("a text", _exactly(str), required=True, firm=True)
MAYBE_TEXT = Kind("a text", _exactly(str))
TITLE = Kind("a text", _exactly(str), default="")
NAME = Kind("a text", lambda value: normal(_exactly(str)(value)))
FLAG = Kind("true or false", _exactly(bool), default=False)
COUNT = Kind("a count", _count, default=0)
OBJECT = Kind(
    "an object", _exactly(dict), lambda value: value if isinstance(value, Mapping) else None
)
# A value that is written must also be readable: an agent may report an impossible cost.
AMOUNT = Kind("an amount", _amount, lambda cost: cost if abs(cost) < HUGE else None)
TIME = Kind("a time", time_from_text, time_to_text, required=True, firm=True)
LATER_TIME = Kind("a time", time_from_text, time_to_text, firm=True)
SOURCE = _words(TitleSource, TitleSource.PROMPT)
# Firm: the default for an unknown value would mean the agent's own default.
ACCESS = _words(Access, firm=True)
STATUS = _words([one for one in Status if one is not Status.RUNNING], Status.ACTIVE)
TAGS = Kind("a list of texts", _tags, list, default=())
DIRECTORIES = Kind("a list of texts", _directories, list, default=())
EFFORT = _words(Effort)
USAGE = Kind("an object of counts", read_usage, lambda usage: usage.figures, default=UNKNOWN_USAGE)
FIGURE_COUNTS = Kind("an object of counts", _figure_counts, dict)
CONVERSATIONS = Kind(
    "a list of conversations, one with each agent",
    _conversations,
    lambda known: [write_fields(one, CONVERSATION) for one in known],
    default=(),
)
TURN = Kind("a turn", _open_turn, lambda opened: write_fields(opened, OPEN_TURN))

OPEN_TURN: tuple[RecordField, ...] = (
    RecordField("number", "number", COUNT),
    RecordField("started_at", "started_at", TIME),
)

CONVERSATION: tuple[RecordField, ...] = (
    RecordField("backend", "backend", TEXT),
    RecordField("backend_session_id", "id", MAYBE_TEXT),
    RecordField("backend_session_seen", "seen", FLAG),
    RecordField("model", "model", MAYBE_TEXT),
    RecordField("counters", "counters", OBJECT),
    RecordField("counters_turn", "counters_turn", COUNT),
    RecordField("heard_through", "heard_through", COUNT),
)

FIELDS = (
    RecordField("schema", "schema", VERSION),
    RecordField("id", "id", TEXT),
    RecordField("name", "name", NAME),
    RecordField("title", "title", TITLE),
    RecordField("title_source", "title_source", SOURCE),
    RecordField("backend", "backend", TEXT),
    RecordField("conversations", "conversations", CONVERSATIONS, from_turns=True),
    RecordField("model_requested", "model_asked", MAYBE_TEXT),
    RecordField("access", "access", ACCESS),
    RecordField("system_prompt", "system_prompt", MAYBE_TEXT),
    RecordField("add_dirs", "add_dirs", DIRECTORIES),
    RecordField("effort", "effort", EFFORT),
    RecordField("cwd", "cwd", TEXT),
    RecordField("status", "status", STATUS),
    RecordField("archived", "archived", FLAG),
    RecordField("parent", "parent", MAYBE_TEXT),
    RecordField("tags", "tags", TAGS),
    RecordField("created_at", "created_at", TIME),
    RecordField("last_used_at", "last_used_at", LATER_TIME, from_turns=True),
    RecordField("turns", "turns", COUNT, from_turns=True),
    RecordField("turns_reported", "turns_reported", COUNT, from_turns=True),
    RecordField("usage", "usage", USAGE, from_turns=True),
    RecordField("cost_usd", "cost_usd", AMOUNT, from_turns=True),
    RecordField("figures_reported", "figures_reported", FIGURE_COUNTS, from_turns=True),
    RecordField("open_turn", "open_turn", TURN, from_turns=True),
)
"""In their published order. All other fields of a record are kept unchanged."""

KNOWN = frozenset(field.name for field in FIELDS)


def read_session(data: object) -> Session:
    """The session in the JSON value. Raises `ValueError` with the reason."""
    if not isinstance(data, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  one kind for all errors
    data = upgraded(data)
    (schema,) = read_fields(data, FIELDS[:1]).values()
    values = read_fields(data, FIELDS, lenient=schema > SCHEMA)
    values["last_used_at"] = values["last_used_at"] or values["created_at"]
    return Session(**values, unknown={key: data[key] for key in data if key not in KNOWN})


def upgraded(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record in this schema: the one conversation of schema 1 becomes a list.

    A record without a schema has schema 1. Records of other schemas are returned unchanged.
    """
    schema = record.get("schema", 1)
    if schema != 1 or isinstance(schema, bool):
        return dict(record)
    heard, moved = record.get("turns"), {field.name for field in CONVERSATION[1:-1]}
    is_count = isinstance(heard, int) and not isinstance(heard, bool) and 0 <= heard < _MOST
    conversation = {
        "heard_through": heard if is_count else 0,
        **{name: value for name, value in record.items() if name in moved},
        "backend": record.get("backend"),
    }
    kept = {name: value for name, value in record.items() if name not in moved}
    return {**kept, "schema": SCHEMA, "conversations": [conversation]}


def encode(session: Session) -> dict[str, Any]:
    """The session's fields by their published names, in the published order."""
    unknown = session.unknown if isinstance(session.unknown, dict) else {}
    return write_fields(session, FIELDS) | {
        key: value for key, value in unknown.items() if key not in KNOWN
    }


def read_fields(
    data: Mapping[str, Any], table: Iterable[RecordField], *, lenient: bool = False
) -> dict[str, Any]:
    """The values of an object's fields by attribute. Raises `ValueError` with the reason."""
    values: dict[str, Any] = {}
    for name, attribute, kind, _ in table:
        value = data.get(name)
        if value is None and (kind is TIME or not kind.required or name not in data):
            if kind.required:
                raise ValueError(f"`{name}` is missing")
            values[attribute] = kind.default
            continue
        try:
            values[attribute] = kind.read(value)
        except ValueError as error:
            if kind.firm or not lenient:
                nested = isinstance(error, _NestedError)
                why = str(error) if nested else f"`{name}` is not {kind.wanted}"
                raise ValueError(why) from None
            values[attribute] = kind.default
    return values


def write_fields(value: object, table: Iterable[RecordField]) -> dict[str, Any]:
    """The JSON object of a value's fields."""
    fields = ((name, getattr(value, attribute), kind) for name, attribute, kind, _ in table)
    return {name: None if one is None else kind.write(one) for name, one, kind in fields}
