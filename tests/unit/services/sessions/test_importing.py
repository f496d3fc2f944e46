"""What may be imported, and what is refused before anything is written."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.errors import SessionDamagedError
from clinvk.model.access import Access
from clinvk.model.config import Setting, merge
from clinvk.model.effort import Effort
from clinvk.model.provenance import provenance_of
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions.importing import Imported, import_sessions
from clinvk.services.world import World
from clinvk.store.sessions.selection import Selection, is_resumable
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


def imported(
    world: World, data: bytes, settings: Any = SETTINGS, *, block: int = 1 << 16, **how: bool
) -> Imported:
    """What an import of these bytes did."""
    blocks = (data[at : at + block] for at in range(0, len(data), block))
    return import_sessions(world, blocks, "f.json", settings, **how)


def told(**changed: Any) -> dict[str, Any]:
    """The line `session` of a transcript."""
    return {"type": "session", "schema": 1, **{key: RECORD[key] for key in TOLD}, **changed}


def test_a_record_with_fields_of_a_later_version_is_imported(
    store: SessionStore, world: World
) -> None:
    """Unknown fields are kept."""
    assert imported(world, export(mood={"good": True})).imported == [RECORD["id"]]
    assert json.loads(store.home.record(str(RECORD["id"])).read_text())["mood"] == {"good": True}
    assert imported(world, document()).count == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is not JSON"),
        (b"---\nid: x\n---\n", "it is not JSON: expecting value (line 1)"),
        (b"\xff\xfe", "it is not"),
        (b"[" * 100_000, "it is nested too deeply"),
        (export(mood=[]).replace(b"[]", b"[" * 100_000, 1), "it is nested too deeply"),
        (b'{"clinvk_export": 1, "sessions": [NaN]}', "`NaN` is not a valid JSON number"),
        (b"9" * 10_000, "Exceeds the limit"),
        (b"[1, 2", "it is cut off (line 1)"),
        (b'"an export"', "it is not an export"),
        (document()[:-2], "it is cut off (line 1)"),
        (document() + b"x", "it is not JSON: extra data (line 1)"),
        (b'{"sessions": [], "clinvk_export": 1}', "it is not an export"),
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
    """One sentence that names the file, the place in it and the error; nothing is written."""
    with pytest.raises(SessionDamagedError) as refused:
        imported(world, data)
    message = refused.value.message
    assert message.startswith("`f.json` cannot be imported: ")
    assert why in message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (json.dumps({"record": RECORD, "transcript": []}), "sessions[1].record.id: `0123456789ab`"),
        (json.dumps({"record": {**RECORD, "id": "../../x"}}), "sessions[1].transcript is not"),
        ('{"record": {"id": "ab', "it is cut off (line 1)"),
        ('{"record": {"id": nothing}}', "it is not JSON: expecting value (line 1)"),
        ('{"record": {"id": "\xff"}}', "it is not text in UTF-8"),
        ("", "it is cut off (line 1)"),
    ],
)
def test_what_comes_before_a_fault_is_imported_and_the_sentence_says_so(
    rest: str, why: str, store: SessionStore, world: World
) -> None:
    """A file that was cut off has most of its sessions; with the whole one the import goes on."""
    whole = document({"record": RECORD, "transcript": []})
    data = whole.removesuffix(b"]}") + b", " + rest.encode("latin-1")
    for said in ("1 session before that imported", "0 sessions before that imported, 1 already"):
        with pytest.raises(SessionDamagedError) as refused:
            imported(world, data)
        message = refused.value.message
        assert message.startswith("`f.json` cannot be imported completely: ")
        assert why in message
        assert said in message
        assert store.ids() == [RECORD["id"]]
    assert imported(world, whole).present == [RECORD["id"]]


def test_an_import_that_was_cut_off_is_completed(store: SessionStore, world: World) -> None:
    """Its transcript was there already, and said less than the record does; its name is its own."""
    line = told(name="mine")
    record = {**RECORD, "name": "mine", "title": "t, as it was renamed", "tags": ["x"]}
    data, key = document({"record": record, "transcript": [line]}), str(RECORD["id"])
    store.home.transcripts.mkdir(parents=True)
    store.home.transcript(key).write_text(json.dumps(line) + "\n")
    assert store.load(key).title == "t"
    done = imported(world, data)
    assert (done.imported, done.refused, done.warnings) == ([key], [], [])
    found = store.load(key)
    assert (found.title, found.name, found.tags) == (record["title"], "mine", ("x",))
    done = imported(world, data)
    assert (done.present, done.different) == ([key], [])


def test_a_session_that_lost_its_record_and_went_on_is_not_overwritten(
    store: SessionStore, world: World
) -> None:
    """Its transcript has more than the export has."""
    store.home.transcripts.mkdir(parents=True)
    path = store.home.transcript(str(RECORD["id"]))
    path.write_text(json.dumps(told()) + "\n")
    done = imported(world, export())
    assert (done.imported, done.present, done.different) == ([], [RECORD["id"]], [RECORD["id"]])
    assert path.read_text() == json.dumps(told()) + "\n"
    assert not store.home.record(path.stem).exists()


def stranger(**changed: Any) -> bytes:
    """A session as somebody else's file may say it."""
    said = {
        "access": "full",
        "system_prompt": "Obey.",
        "add_dirs": ["/etc"],
        "effort": "max",
        "turns": 1,
        **changed,
    }
    names = (*TOLD, "add_dirs", "effort")
    line = {"type": "session", **{name: {**RECORD, **said}.get(name) for name in names}}
    transcript = [
        line,
        json.dumps({**line, "title": "another"}, indent=None, separators=(" , ", ":")),
    ]
    return document({"record": {**RECORD, **said}, "transcript": transcript})


def test_an_import_carries_no_access_no_system_prompt_and_no_directories(
    store: SessionStore, world: World
) -> None:
    """Neither in the record nor in the transcript, from which a record can be rebuilt."""
    assert imported(world, stranger()).imported == [RECORD["id"]]
    session = store.load(str(RECORD["id"]))
    assert (session.access, session.system_prompt, session.add_dirs) == (None, None, ())
    assert session.effort is Effort.MAX  # as the model
    assert provenance_of(session) == {
        "access": "full",
        "system_prompt": "Obey.",
        "add_dirs": ["/etc"],
        "turns": 1,
    }
    written = store.home.transcript(session.id).read_text()
    assert "Obey." not in written
    assert "full" not in written
    assert "/etc" not in written
    assert imported(world, stranger()).present == [session.id]


def test_the_persons_own_settings_hold_for_an_import(store: SessionStore, world: World) -> None:
    """As for a session that they begin."""
    settings = merge({"run.access": Setting("read-only", "a file")}, {})
    imported(world, stranger(), settings)
    assert store.load(str(RECORD["id"])).access is Access.READ_ONLY


def test_a_trusted_import_is_as_its_file_says(store: SessionStore, world: World) -> None:
    """For one's own sessions from another machine."""
    imported(world, stranger(), trust=True)
    session = store.load(str(RECORD["id"]))
    assert (session.access, session.system_prompt) == (Access.FULL, "Obey.")
    assert session.add_dirs == ("/etc",)


def test_an_import_is_not_the_last_session_until_it_is_used(
    store: SessionStore, world: World
) -> None:
    """Whatever it says of its own age and of itself."""
    imported(
        world, stranger(last_used_at="2999-01-01T00:00:00Z", imported={"turns": 0}), trust=True
    )
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
        imported(world, export(**changed))


@pytest.mark.parametrize("name", ["deadbeef", "0123456789ab", "claude:x"])
def test_a_name_that_reads_as_an_id_is_left_out(
    store: SessionStore, world: World, name: str
) -> None:
    """Else a stranger's file would stand in the way of a session's id."""
    key = str(RECORD["id"])
    data = document({"record": {**RECORD, "name": name}, "transcript": []})
    done = imported(world, data)
    assert done.imported == [key]
    assert store.load(key).name is None
    assert name in done.warnings[0]


AT = "2025-01-27T10:00:01Z"


def untrue(*, turn: dict[str, Any] | None = None, **said: Any) -> bytes:
    """A session whose record counts no turn; its transcript has one, and says more of itself."""
    line = told(**said)
    begun = {"type": "turn_started", "turn": 1, "at": AT, "prompt": "p", "backend": "demo"}
    ended = {"type": "turn_finished", "turn": 1, "at": AT, "text": "a", **(turn or {})}
    transcript = [line, begun, json.dumps({**ended, "stop_reason": "end_turn"})]
    return document({"record": RECORD, "transcript": transcript})


def test_an_import_is_not_the_last_session_although_its_record_counts_too_few_turns(
    store: SessionStore, world: World
) -> None:
    """What its transcript has is not a use of it: a record is corrected from its transcript."""
    imported(world, untrue())
    session = store.load(str(RECORD["id"]))
    assert session.turns == 1
    assert not is_resumable(session)
    assert imported(world, untrue()).present == [session.id]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"cwd": "."}, "`cwd` is not an absolute directory"),
        ({"turn": {"conversation": "--yolo"}}, "is not the id of a conversation of `demo`"),
        ({"name": "-x"}, "a session's name is"),
        ({"tags": ["a\nb"]}, "a tag is"),
    ],
    ids=str,
)
def test_invalid_values_in_the_transcript_are_refused_too(
    said: Any, complaint: str, world: World
) -> None:
    """A record that is older than its transcript is corrected from it."""
    with pytest.raises(SessionDamagedError, match="transcript: ") as refused:
        imported(world, untrue(**said))
    assert complaint in refused.value.message


def test_a_directory_that_only_a_lost_record_would_have_is_refused(world: World) -> None:
    """The record is complete, and would be rebuilt from the transcript once it is lost."""
    data = document({"record": RECORD, "transcript": [told(cwd=".")]})
    with pytest.raises(SessionDamagedError, match="`cwd` is not an absolute directory"):
        imported(world, data)


def test_a_name_that_only_the_transcript_has_is_checked_like_any_other(
    store: SessionStore, world: World
) -> None:
    """It would become the session's name with the first command."""
    done = imported(world, untrue(name="deadbeef"))
    assert store.load(str(RECORD["id"])).name is None
    assert "deadbeef" in done.warnings[0]


def turns(*prompts: str, key: str = "0123456789ab", **said: Any) -> dict[str, Any]:
    """A session with these turns, as it is in an export."""
    record = {**RECORD, "id": key, "turns": len(prompts), **said}
    lines: list[Any] = [told(**{name: record[name] for name in TOLD})]
    for number, prompt in enumerate(prompts, start=1):
        lines += [
            {"type": "turn_started", "turn": number, "at": AT, "prompt": prompt, "backend": "demo"},
            {"type": "turn_finished", "turn": number, "at": AT, "text": f"to {prompt}"},
        ]
    return {"record": record, "transcript": lines}


def test_an_update_takes_the_further_turns_and_nothing_else(
    store: SessionStore, world: World
) -> None:
    """Directory, name, access and tags of the session here stay, also if its record is lost."""
    key = str(RECORD["id"])
    imported(world, document(turns("a", name="mine", tags=["x"], access="full")), trust=True)
    here = replace(store.load(key), cwd="/here", access=Access.READ_ONLY)
    store.save(here)
    longer = turns("a", "b", cwd="/there", tags=["y"], access="full", system_prompt="Obey.")
    passed = imported(world, document(longer))
    assert (passed.present, passed.different, store.load(key).turns) == ([key], [key], 1)
    done = imported(world, document(longer), update=True)
    assert (done.updated, done.present, done.refused) == ([key], [], [])
    for _ in ("its record", "rebuilt from its transcript"):
        now = store.load(key)
        assert (now.turns, now.cwd, now.name) == (2, "/here", "mine")
        assert (now.access, now.system_prompt) == (Access.READ_ONLY, None)
        assert now.tags == ("x", "y")
        assert not is_resumable(now)
        assert [turn.prompt for turn in store.transcript(key).turns] == ["a", "b"]
        store.home.record(key).unlink(missing_ok=True)
    for again in (longer, turns("a")):
        assert imported(world, document(again), update=True).present == [key]
        assert store.load(key).turns == 2


def test_a_diverged_session_is_refused_by_name_and_the_others_are_taken(
    store: SessionStore, world: World
) -> None:
    """It has turns here and others there: neither is thrown away."""
    key, other, third = str(RECORD["id"]), "123456789abc", "23456789abcd"
    imported(world, document(turns("a", "b"), turns("a", key=other)))
    path = store.home.transcript(key)
    before = path.read_bytes()
    data = document(turns("a", "c", "d"), turns("a", "b", key=other), turns(key=third))
    done = imported(world, data, update=True)
    assert [one.id for one in done.refused] == [key]
    assert "different" in done.refused[0].reason
    assert (done.updated, done.imported) == ([other], [third])
    assert path.read_bytes() == before


def test_a_session_in_use_is_not_updated(store: SessionStore, world: World) -> None:
    """It is refused as busy, and the others are taken."""
    key, other = str(RECORD["id"]), "123456789abc"
    imported(world, document(turns("a")))
    with store.lock(key, claim_of(world)):
        done = imported(world, document(turns("a", "b"), turns("a", key=other)), update=True)
        assert imported(world, document(turns("a", "b"))).present == [key]
    assert [one.id for one in done.refused] == [key]
    assert "busy" in done.refused[0].reason
    assert (done.imported, store.load(key).turns) == ([other], 1)


def test_two_sessions_of_one_file_do_not_get_the_same_name(
    store: SessionStore, world: World
) -> None:
    """The second is imported without it."""
    other = "123456789abc"
    done = imported(world, document(turns("a", name="n"), turns("b", key=other, name="n")))
    assert done.imported == [RECORD["id"], other]
    assert [store.load(one).name for one in done.imported] == ["n", None]
    assert f"`n` is session {RECORD['id']}" in done.warnings[0]


def test_more_sessions_than_are_placed_together_are_imported(
    store: SessionStore, world: World
) -> None:
    """And the index is right after it."""
    ids = [f"{number:012x}" for number in range(200)]
    store.select(Selection(), limit=1)
    done = imported(world, document(*(turns("a", key=key) for key in ids)), block=1000)
    assert done.imported == ids
    assert store.ids() == ids
    assert store.count(Selection()) == len(ids)
    assert [path.name for path in store.home.transcripts.iterdir() if path.suffix == ".tmp"] == []
    assert imported(world, document(*(turns("a", key=key) for key in ids))).present == ids


def test_a_stopped_import_leaves_only_whole_sessions(store: SessionStore, world: World) -> None:
    """What was counted is there; what was not has left nothing."""
    ids = [f"{number:012x}" for number in range(150)]
    counted: list[int] = []

    def stop(done: int, total: int | None) -> None:
        del total
        counted.append(done)
        if done:
            raise KeyboardInterrupt

    data = document(*(turns("a", key=key) for key in ids))
    with pytest.raises(KeyboardInterrupt):
        import_sessions(world, [data], "f", SETTINGS, progress=stop)
    assert store.ids() == ids[: counted[-1]]
    assert {path.suffix for path in store.home.transcripts.iterdir()} == {".jsonl"}
    assert imported(world, data).present == ids[: counted[-1]]
    assert store.ids() == ids
