"""Each field of a record, of a transcript's line and of an import with every kind of JSON value.

What bytes alone seldom make: a value of another kind in the place of one field, and nothing else
wrong. After it come commands that read it and a further turn, within a fixed number of tries.
"""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bed.inside import ID, Place, command, place
from clinvk.model.events import Result
from clinvk.model.request import TurnRequest
from clinvk.model.session import Session
from clinvk.published.record import SessionForm
from clinvk.published.run import event_to_json
from clinvk.store.sessions.record_fields import KNOWN, encode
from clinvk.store.sessions.records import parse
from clinvk.text.json_codec import json_line
from contract.replay import Case, play

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 1 << 53, 1 << 63, 1 << 70, 10**400),
    *(0.5, -0.0, 1e308, "", "x", "\ud800", "a\0b", "\x1b[2J", "x" * 5_000),
    *("2025-01-27T10:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *([], [None], [[]], ["x", 1], {}, {"": None}, {"type": []}, {"a": {"b": [{}]}}),
)
READERS: tuple[tuple[str, ...], ...] = (
    ("sessions", "list"),
    ("sessions", "list", "--json", "--here", "--tag", "x"),
    ("sessions", "show", ID),
    ("sessions", "show", ID, "--json"),
    ("sessions", "show", ID, "--turn", "1"),
    ("sessions", "search", "hello"),
    ("sessions", "files", ID),
    ("sessions", "export", ID, "--format", "json"),
    ("sessions", "export", ID),
    ("doctor", "--json"),
)


def _deep() -> Any:
    value: Any = []
    for _ in range(400):
        value = [value]
    return value


ALL = (*VALUES, _deep())


def _turns(where: Place, session_id: str) -> list[str]:
    """The lines of turns as they are in the file."""
    path = where.home.transcript(session_id)
    return path.read_text("utf-8").splitlines()


def _read(where: Place, first: int) -> None:
    """Three of the commands that read, from that one on."""
    for argv in (*READERS, *READERS)[first : first + 3]:
        command(where, argv, terminal=argv[0] == "sessions" and "--json" not in argv)


def _continue(where: Place) -> None:
    """The turn is kept whole or refused before it; the earlier lines stay as they are."""
    before = _turns(where, ID)
    said = command(where, ["resume", ID, "go on"])
    after = _turns(where, ID)
    assert after[: len(before)] == before
    is_without_backend = said.status == 5 and "there is no backend" in said.err
    assert said.status in {0, 4} or is_without_backend, said
    kinds = [json.loads(line)["type"] for line in after[len(before) :]]
    if said.status == 0:
        assert "turn_finished" in kinds, said
        again = command(where, ["sessions", "show", ID, "--json"])
        assert again.status == 0, again
        assert "go on" in again.out
    else:
        assert not {"turn_started", "message"} & set(kinds), (said, kinds)


RECORD_FIELDS = (*sorted(KNOWN), "imported", "x")
EXAMPLES = settings(max_examples=30)


@given(st.sampled_from(RECORD_FIELDS), st.sampled_from(ALL), st.integers(0, 9))
@EXAMPLES
def test_a_record_with_any_value_in_a_field_is_read_or_refused(
    field: str, value: Any, first: int
) -> None:
    """No command breaks, and a turn is kept or refused before anything is sent."""
    with place() as where:
        path = where.home.record(ID)
        record = json.loads(path.read_bytes())
        path.write_text(json.dumps({**record, field: value}))
        _read(where, first)
        _continue(where)


@pytest.mark.parametrize("field", sorted(KNOWN - {"schema"}))
def test_an_accepted_field_has_the_published_form(field: str) -> None:
    """A value of another kind is never accepted from a record."""
    with place() as where:
        record = json.loads(where.home.record(ID).read_bytes())
    for value in ALL:
        if value == "\ud800":  # half a character, which pydantic takes for no JSON at all
            continue
        content = json.dumps({**record, field: value}).encode()
        found = parse(content, path="x.json", session_id=ID)
        if isinstance(found, Session):
            said = [one.counters for one in found.conversations]
            assert all(one is None or isinstance(one, dict) for one in said)
            SessionForm.model_validate_json(json_line(encode(found)))


@cache
def _lines() -> tuple[dict[str, Any], ...]:
    with place() as where:
        return tuple(json.loads(line) for line in _turns(where, ID))


@cache
def _line_fields() -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(line["type"], field) for line in _lines() for field in line}))


@given(
    data=st.data(),
    value=st.sampled_from(ALL),
    first=st.integers(0, 9),
    rebuilt=st.booleans(),
)
@EXAMPLES
def test_a_line_with_any_value_in_a_field_is_read_or_counted(
    data: st.DataObject, value: Any, first: int, *, rebuilt: bool
) -> None:
    """No command breaks, with the record and without it, and a further turn is not lost."""
    kind, field = data.draw(st.sampled_from(_line_fields()))
    with place() as where:
        path = where.home.transcript(ID)
        lines = [{**line, field: value} if line["type"] == kind else line for line in _lines()]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        if rebuilt:
            where.home.record(ID).unlink()
        _read(where, first)
        _continue(where)


@given(st.sampled_from(RECORD_FIELDS), st.sampled_from(ALL), st.integers(0, 9))
@EXAMPLES
def test_an_import_with_any_value_in_a_field_is_whole_or_refused(
    field: str, value: Any, first: int
) -> None:
    """What was imported can be read and continued; what cannot be is refused with exit 4."""
    with place() as where:
        said = command(where, ["sessions", "export", ID, "--format", "json"])
        document = json.loads(said.out)
        document["sessions"][0]["record"][field] = value
        (where.project / "x.json").write_text(json.dumps(document))
        command(where, ["sessions", "delete", ID, "-y"])
        said = command(where, ["sessions", "import", "x.json"])
        assert said.status in {0, 4}, said
        if said.status == 0 and field != "id":
            _read(where, first)
            _continue(where)


KEYS = (
    *("modelUsage", "total_cost_usd", "cumulative", "version", "inputTokens", "outputTokens"),
    *("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"),
    *("cache_read_input_tokens", "cacheReadInputTokens", "cacheCreationInputTokens", "m"),
)


@cache
def _resumed(name: str) -> tuple[Case, TurnRequest]:
    case = Case(name, "usage_cached_resumed")
    return case, case.request


@pytest.mark.parametrize("name", ["claude", "codex", "qwen"])
@given(
    counters=st.dictionaries(
        st.sampled_from(KEYS),
        st.recursive(
            st.sampled_from(ALL),
            lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
            max_leaves=6,
        ),
        min_size=1,
    )
)
@settings(max_examples=100)
def test_odd_counters_of_an_earlier_turn_cost_no_answer(
    name: str, counters: dict[str, Any]
) -> None:
    """A resumed turn has its text; its figures are counts or unknown."""
    case, asked = _resumed(name)
    request = replace(asked, counters=counters)
    assert request.resume
    result = play(request, case.backend, case.lines, 0, "")[-1]
    assert isinstance(result, Result)
    assert (result.failure, bool(result.text)) == (None, True)
    said = (result.usage.input_tokens, result.usage.output_tokens, result.usage.cached_tokens)
    assert all(one is None or one >= 0 for one in said)
    assert result.cost_usd is None or result.cost_usd >= 0
    json.loads(json_line(event_to_json(result) or {}))
