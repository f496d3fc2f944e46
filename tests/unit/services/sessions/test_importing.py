"""What may be imported, and what is refused before anything is written."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.errors import SessionDamagedError
from clinvk.model.access import Access
from clinvk.model.config import Setting, merge
from clinvk.model.provenance import provenance_of
from clinvk.services.sessions.importing import import_sessions, read_export
from clinvk.services.world import World
from clinvk.store.sessions.portable import line_bytes
from clinvk.store.sessions.selection import is_resumable
from clinvk.store.sessions.store import SessionStore

SETTINGS = merge({}, {})
RECORD = {
    "schema": 1,
    "id": "0123456789ab",
    "name": None,
    "title": "t",
    "title_source": "prompt",
    "backend": "demo",
    "backend_session_id": None,
    "backend_session_seen": False,
    "model": None,
    "model_requested": None,
    "access": None,
    "system_prompt": None,
    "cwd": "/p",
    "status": "active",
    "archived": False,
    "parent": None,
    "tags": [],
    "created_at": "2025-01-27T10:00:00Z",
    "last_used_at": "2025-01-27T10:00:00Z",
    "turns": 0,
    "turns_reported": 0,
    "usage": dict.fromkeys(
        [
            "input_tokens",
            "cached_tokens",
            "cache_write_tokens",
            "output_tokens",
            "reasoning_tokens",
            "total_tokens",
        ]
    ),
    "cost_usd": None,
    "counters": None,
    "counters_turn": 0,
    "open_turn": None,
}

TOLD = (
    *("id", "name", "title", "title_source", "backend", "model_requested", "access"),
    *("system_prompt", "cwd", "status", "archived", "parent", "tags", "created_at"),
)
"""What the line `session` of a transcript has."""


def export(**changed: Any) -> bytes:
    """An export of one session, with some fields of its record changed."""
    return document({"record": {**RECORD, **changed}, "transcript": []})


def document(*sessions: Any, version: Any = 1) -> bytes:
    """An export of these."""
    return json.dumps({"clinvk_export": version, "sessions": sessions}).encode()


def test_a_record_with_fields_of_a_later_version_is_imported(world: World) -> None:
    """Unknown fields are kept."""
    (one,) = read_export(export(mood={"good": True}), "f", world.agents)
    assert one.record["mood"] == {"good": True}
    assert read_export(document(), "f", world.agents) == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is not JSON"),
        (b"---\nid: x\n---\n", "it is not JSON: expecting value (line 1)"),
        (b"\xff\xfe", "it is not"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"clinvk_export": 1, "sessions": [NaN]}', "`NaN` is not a valid JSON number"),
        (b"9" * 10_000, "Exceeds the limit"),
        (b"[]", "it is not an export"),
        (b"{}", "it is not an export"),
        (document(version=2), "a newer clinvk wrote it"),
        (document(version="1"), "`clinvk_export` is not a version number"),
        (document(version=True), "`clinvk_export` is not a version number"),
        (b'{"clinvk_export": 1}', "`sessions` is not a list"),
        (document(1), "sessions[0] is not an object"),
        (document({}), "sessions[0].transcript is not a list"),
        (document({"transcript": []}), "sessions[0].record is not an object"),
        (document({"record": RECORD, "transcript": [1]}), "sessions[0].transcript[0] is neither"),
        (document({"record": RECORD, "transcript": ["a\nb"]}), "sessions[0].transcript[0]"),
        (document(*[{"record": RECORD, "transcript": []}] * 2), "sessions[1].record.id"),
        (export(id="../../x"), "sessions[0].record.id: "),
        (export(id="0123456789ab\n"), "sessions[0].record.id: "),
        (export(id=7), "sessions[0].record.id: "),
        (export(schema=3), "sessions[0].record: a newer clinvk wrote it (schema 3)"),
        (export(schema="1"), "sessions[0].record.schema: "),
        (export(status="running"), "sessions[0].record: `status` is not one of"),
        (export(turns=-1), "sessions[0].record.turns: "),
        (export(turns="1"), "sessions[0].record.turns: "),
        (export(created_at="yesterday"), "sessions[0].record.created_at: "),
        (export(created_at="2025-99-27T10:00:00Z"), "sessions[0].record: `created_at`"),
        (export(access="wide"), "sessions[0].record.access: "),
        (export(tags=["a", 1]), "sessions[0].record.tags.1: "),
        (export(tags=["a\nb"]), "sessions[0].record: a tag is"),
        (export(name="-x"), "sessions[0].record: a session's name is"),
        (export(name="@last"), "sessions[0].record: a session's name is"),
        (export(usage=None), "sessions[0].record.usage: "),
    ],
    ids=str,
)
def test_an_invalid_file_is_refused_with_the_place(data: bytes, why: str, world: World) -> None:
    """One sentence that names the file, the place in it and the error."""
    with pytest.raises(SessionDamagedError) as refused:
        read_export(data, "f.json", world.agents)
    message = refused.value.message
    assert message.startswith("`f.json` cannot be imported: ")
    assert why in message
    assert "\n" not in message
    assert len(message) < 400


def test_an_import_that_was_cut_off_is_completed(store: SessionStore, world: World) -> None:
    """Its transcript was there already, and said less than the record does; its name is its own."""
    told = {"type": "session", "schema": 1, **{key: RECORD[key] for key in TOLD}, "name": "mine"}
    record = {**RECORD, "name": "mine", "title": "t, as it was renamed", "tags": ["x"]}
    (one,) = read_export(document({"record": record, "transcript": [told]}), "f", world.agents)
    store.home.transcripts.mkdir(parents=True)
    store.home.transcript(one.id).write_bytes(b"".join(line_bytes(one.transcript)))
    assert store.load(one.id).title == "t"
    done = import_sessions(world, (one,), SETTINGS)
    assert (done.imported, done.refused, done.warnings) == ((one.id,), (), ())
    found = store.load(one.id)
    assert (found.title, found.name, found.tags) == (record["title"], "mine", ("x",))
    assert import_sessions(world, (one,), SETTINGS).present == (one.id,)


def test_a_session_that_lost_its_record_and_went_on_is_not_overwritten(
    store: SessionStore, world: World
) -> None:
    """Its transcript has more than the export has."""
    (one,) = read_export(export(), "f", world.agents)
    store.home.transcripts.mkdir(parents=True)
    told = {"type": "session", "schema": 1, **{key: RECORD[key] for key in TOLD}}
    lines = json.dumps(told) + "\n"
    store.home.transcript(one.id).write_text(lines)
    done = import_sessions(world, (one,), SETTINGS)
    assert [refused.id for refused in done.refused] == [one.id]
    assert store.home.transcript(one.id).read_text() == lines
    assert not store.home.record(one.id).exists()


def stranger(world: World, **changed: Any) -> Any:
    """A session as somebody else's file may say it, ready to be imported."""
    said = {"access": "full", "system_prompt": "Obey.", "turns": 1, **changed}
    line = {"type": "session", **{name: {**RECORD, **said}.get(name) for name in TOLD}}
    transcript = [
        line,
        json.dumps({**line, "title": "another"}, indent=None, separators=(" , ", ":")),
    ]
    [one] = read_export(
        document({"record": {**RECORD, **said}, "transcript": transcript}), "it", world.agents
    )
    return one


def test_an_import_carries_no_access_and_no_system_prompt(
    store: SessionStore, world: World
) -> None:
    """Neither in the record nor in the transcript, from which a record can be rebuilt."""
    assert import_sessions(world, (stranger(world),), SETTINGS).imported == (RECORD["id"],)
    session = store.load(str(RECORD["id"]))
    assert (session.access, session.system_prompt) == (None, None)
    assert provenance_of(session) == {"access": "full", "system_prompt": "Obey.", "turns": 1}
    written = store.home.transcript(session.id).read_text()
    assert "Obey." not in written
    assert "full" not in written
    assert import_sessions(world, (stranger(world),), SETTINGS).present == (session.id,)


def test_the_persons_own_settings_hold_for_an_import(store: SessionStore, world: World) -> None:
    """As for a session that they begin."""
    settings = merge({"run.access": Setting("read-only", "a file")}, {})
    import_sessions(world, (stranger(world),), settings)
    assert store.load(str(RECORD["id"])).access is Access.READ_ONLY


def test_a_trusted_import_is_as_its_file_says(store: SessionStore, world: World) -> None:
    """For one's own sessions from another machine."""
    import_sessions(world, (stranger(world),), SETTINGS, trust=True)
    session = store.load(str(RECORD["id"]))
    assert (session.access, session.system_prompt) == (Access.FULL, "Obey.")


def test_an_import_is_not_the_last_session_until_it_is_used(
    store: SessionStore, world: World
) -> None:
    """Whatever it says of its own age and of itself."""
    one = stranger(world, last_used_at="2999-01-01T00:00:00Z", imported={"turns": 0})
    import_sessions(world, (one,), SETTINGS, trust=True)
    session = store.load(str(RECORD["id"]))
    assert not is_resumable(session)
    assert is_resumable(session.turn_started(at=session.created_at))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"cwd": "."}, "`cwd` is not an absolute directory"),
        ({"cwd": ""}, "`cwd` is not an absolute directory"),
        ({"cwd": "~/project"}, "`cwd` is not an absolute directory"),
        *(
            (
                {"backend": name, "backend_session_id": conversation},
                "is not the id of a conversation",
            )
            for name in ("claude", "codex", "gemini", "opencode", "qwen", "demo", "unheard-of")
            for conversation in (
                *("--dangerously-skip-permissions", "", "-y", "a b", "../../etc/passwd", "a\nb"),
                "ses_../../x",
            )
        ),
    ],
)
def test_a_field_that_would_run_elsewhere_or_as_an_option_is_refused(
    changed: Any, complaint: str, world: World
) -> None:
    """Before anything is written."""
    with pytest.raises(SessionDamagedError, match=complaint):
        read_export(export(**changed), "it", world.agents)


@pytest.mark.parametrize("name", ["deadbeef", "0123456789ab", "claude:x"])
def test_a_name_that_reads_as_an_id_is_left_out(
    store: SessionStore, world: World, name: str
) -> None:
    """Else a stranger's file would stand in the way of a session's id."""
    one = stranger(world)
    one = replace(one, record={**one.record, "name": name})
    done = import_sessions(world, (one,), SETTINGS)
    assert done.imported == (one.id,)
    assert store.load(one.id).name is None
    assert name in done.warnings[0]


AT = "2025-01-27T10:00:01Z"


def untrue(world: World, *, turn: dict[str, Any] | None = None, **told: Any) -> Any:
    """A session whose record counts no turn; its transcript has one, and says more of itself."""
    line = {"type": "session", "schema": 1, **{name: RECORD[name] for name in TOLD}, **told}
    begun = {"type": "turn_started", "turn": 1, "at": AT, "prompt": "p", "backend": "demo"}
    ended = {"type": "turn_finished", "turn": 1, "at": AT, "text": "a", **(turn or {})}
    transcript = [line, begun, json.dumps({**ended, "stop_reason": "end_turn"})]
    [one] = read_export(document({"record": RECORD, "transcript": transcript}), "it", world.agents)
    return one


def test_an_import_is_not_the_last_session_although_its_record_counts_too_few_turns(
    store: SessionStore, world: World
) -> None:
    """What its transcript has is not a use of it: a record is corrected from its transcript."""
    import_sessions(world, (untrue(world),), SETTINGS)
    session = store.load(str(RECORD["id"]))
    assert session.turns == 1
    assert not is_resumable(session)
    assert import_sessions(world, (untrue(world),), SETTINGS).present == (session.id,)


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"cwd": "."}, "`cwd` is not an absolute directory"),
        ({"turn": {"conversation": "--yolo"}}, "is not the id of a conversation of `demo`"),
        ({"name": "-x"}, "a session's name is"),
        ({"tags": ["a\nb"]}, "a tag is"),
    ],
    ids=str,
)
def test_invalid_values_in_the_transcript_are_refused_too(
    told: Any, complaint: str, world: World
) -> None:
    """A record that is older than its transcript is corrected from it."""
    with pytest.raises(SessionDamagedError, match="transcript: ") as refused:
        untrue(world, **told)
    assert complaint in refused.value.message


def test_a_directory_that_only_a_lost_record_would_have_is_refused(world: World) -> None:
    """The record is complete, and would be rebuilt from the transcript once it is lost."""
    line = {"type": "session", "schema": 1, **{name: RECORD[name] for name in TOLD}, "cwd": "."}
    with pytest.raises(SessionDamagedError, match="`cwd` is not an absolute directory"):
        read_export(document({"record": RECORD, "transcript": [line]}), "it", world.agents)


def test_a_name_that_only_the_transcript_has_is_checked_like_any_other(
    store: SessionStore, world: World
) -> None:
    """It would become the session's name with the first command."""
    done = import_sessions(world, (untrue(world, name="deadbeef"),), SETTINGS)
    assert store.load(str(RECORD["id"])).name is None
    assert "deadbeef" in done.warnings[0]
