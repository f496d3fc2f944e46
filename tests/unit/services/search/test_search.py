"""Searching: what is found, where, in which order, and what is passed by."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bed.budget import budget
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.services.search.query import parse_query
from clinvk.services.search.ranking import Field
from clinvk.services.search.search import Found, search_sessions
from clinvk.services.sessions.list import Selection
from clinvk.services.world import world_of_this_process
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.store import SessionStore
from clinvk.text.casefold import fold

START = datetime(2025, 1, 27, 10, tzinfo=UTC)
AT = "2025-01-27T10:00:00Z"
EVERYTHING = Selection(archived=None)

Line = dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """An empty store."""
    return SessionStore(Home(tmp_path / "home"))


def _session(number: int, **fields: Any) -> Session:
    at = START + timedelta(minutes=number)
    plain = Session(id=f"{number:012x}", backend="demo", cwd="/p", created_at=at, last_used_at=at)
    return replace(plain, **fields)


def _add(store: SessionStore, number: int, *lines: Line | bytes, **fields: Any) -> Session:
    session = _session(number, **fields)
    store.create(session)
    _write(store, session.id, *lines)
    return session


def _write(store: SessionStore, session_id: str, *lines: Line | bytes) -> None:
    path = store.home.transcript(session_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(_bytes(line) + b"\n" for line in lines))


def _bytes(line: Line | bytes) -> bytes:
    if isinstance(line, bytes):
        return line
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _started(turn: int, prompt: str) -> Line:
    return {"type": "turn_started", "turn": turn, "at": AT, "prompt": prompt}


def _message(turn: int, text: str) -> Line:
    return {"type": "message", "turn": turn, "text": text}


def _piece(turn: int, text: str) -> Line:
    return {"type": "message", "turn": turn, "delta": True, "text": text}


def _finished(turn: int, text: str = "", **fields: Any) -> Line:
    return {"type": "turn_finished", "turn": turn, "at": AT, "text": text} | fields


def _search(store: SessionStore, query: str, **fields: Any) -> Found:
    only = fields.pop("only", EVERYTHING)
    world = replace(world_of_this_process(), home=store.home)
    return search_sessions(world, parse_query(query), only, **fields)


def _ids(found: Found) -> list[int]:
    return [int(hit.listed.session.id, 16) for hit in found.hits]


@pytest.mark.parametrize(
    ("query", "field", "turn"),
    [
        ("entitled", Field.TITLE, None),
        ("pr-842", Field.NAME, None),
        ("urgent", Field.TAG, None),
        ("prompted", Field.PROMPT, 1),
        ("working", Field.ANSWER, 1),
        ("done", Field.ANSWER, 1),
        ("only-at-the-end", Field.ANSWER, 2),
        ("auth.go", Field.FILE, 2),
        ("received", Field.ANSWER, 3),
    ],
)
def test_everything_that_a_person_remembers_is_searched(
    store: SessionStore, query: str, field: Field, turn: int | None
) -> None:
    """Titles, names, tags, prompts, all answers and files, with the turn and the field."""
    _add(
        store,
        1,
        _started(1, "I prompted this"),
        _message(1, "I am working"),
        _message(1, "I am done"),
        _finished(1, "I am done"),
        _started(2, "go on"),
        _finished(2, "only-at-the-end", files=[{"path": "src/auth.go", "change": "modified"}]),
        _started(3, "and again"),
        _piece(3, "what was received before it broke off"),
        title="a titled, entitled thing",
        name="pr-842",
        tags=("urgent",),
    )
    (hit,) = _search(store, query).hits
    assert (hit.field, hit.turn) == (field, turn)
    ((start, end),) = hit.snippet.marks
    assert hit.snippet.text[start:end] == query


@pytest.mark.parametrize(
    "query",
    [
        *("timestamp", "content", "turn_started", "type", "delta", "true", "null", "u001b", "n"),
        *('x"', "{", "\\", "schema", "demo", "secret-tool", "secret-output", "secret-thought"),
    ],
)
def test_the_form_of_our_files_is_never_found(store: SessionStore, query: str) -> None:
    """Neither field names nor JSON's own signs, nor what is not searched."""
    _add(
        store,
        1,
        {"type": "session", "backend": "demo"},
        _started(1, "a\nb \x1b[31mred"),
        _piece(1, "plea"),
        _piece(1, "se"),
        {"type": "thinking", "turn": 1, "text": "secret-thought"},
        {"type": "tool_use", "turn": 1, "id": "1", "name": "secret-tool", "summary": "x"},
        {"type": "tool_result", "turn": 1, "id": "1", "ok": True, "text": "secret-output"},
        _finished(1, "please", cost_usd=None),
    )
    assert not _search(store, query).hits


def test_all_words_must_be_somewhere_in_the_session(store: SessionStore) -> None:
    """In any turn and any field; a word that is left out may be nowhere."""
    _add(store, 1, _started(1, "login"), _finished(1, "the page"), title="test")
    _add(store, 2, _started(1, "login"), _finished(1, "the door"))
    assert _ids(_search(store, "login test page")) == [1]
    assert _ids(_search(store, "login")) == [2, 1]
    assert _ids(_search(store, "login -page")) == [2]
    assert _ids(_search(store, 'login -"the door"')) == [1]
    assert _ids(_search(store, "login page -test")) == []


def test_a_phrase_stands_in_one_text(store: SessionStore) -> None:
    """Over a line's end, but not from one message to the next."""
    _add(store, 1, _started(1, "x"), _message(1, "the flaky\n  test"), _finished(1))
    _add(store, 2, _started(1, "x"), _message(1, "flaky"), _message(1, "test"), _finished(1))
    assert _ids(_search(store, '"flaky test"')) == [1]
    assert _ids(_search(store, "flaky test")) == [1, 2]


@pytest.mark.parametrize("query", ["refactoring", '"big refactoring"', "Refac"])
def test_what_was_streamed_in_pieces_is_found_across_the_seam(
    store: SessionStore, query: str
) -> None:
    """A message is searched as the person read it, wherever its pieces were cut."""
    _add(
        store,
        1,
        _started(1, "x"),
        _piece(1, "a big refac"),
        {"type": "session", "title": "renamed meanwhile"},
        _piece(1, "toring here"),
    )
    _add(
        store,
        2,
        _started(1, "x"),
        _piece(1, "a big refac"),
        {"type": "usage", "turn": 1, "usage": {}},
        _piece(1, "toring"),
        _finished(1),
    )
    expected = [2, 1] if query == "Refac" else [1]
    assert _ids(_search(store, query)) == expected


def test_a_turn_that_did_not_take_place_is_not_searched(store: SessionStore) -> None:
    """What was voided is no part of the session."""
    _add(store, 1, _started(1, "login"), {"type": "turn_voided", "turn": 1, "at": AT})
    assert not _search(store, "login").hits


def test_the_best_place_ranks_and_the_last_used_comes_first_among_equals(
    store: SessionStore,
) -> None:
    """Title or name before tag, prompt or file, answer; a whole word before a part of one."""
    _add(store, 1, _started(1, "x"), _finished(1, "reauthorize"))
    _add(store, 2, _started(1, "x"), _finished(1, "the auth token"))
    _add(store, 3, _started(1, "auth please"), _finished(1, "x"))
    _add(store, 4, tags=("auth",))
    _add(store, 5, title="Fix auth")
    _add(store, 6, name="auth")
    _add(store, 7, title="Authorize")
    found = _search(store, "auth")
    assert _ids(found) == [6, 5, 4, 7, 3, 2, 1]
    assert [hit.rank for hit in found.hits] == [8, 8, 6, 4, 4, 2, 1]
    assert _ids(_search(store, "auth", limit=2)) == [6, 5]


def test_the_place_that_holds_most_of_the_query_is_shown(store: SessionStore) -> None:
    """A turn is shown rather than the title that was made of it."""
    _add(
        store,
        1,
        _started(1, "fix the login test"),
        _finished(1, "login fixed"),
        _started(2, "the login"),
        _finished(2, "flaky login test"),
        title="fix the login test",
    )
    (hit,) = _search(store, "login test").hits
    assert (hit.field, hit.turn, hit.rank) == (Field.PROMPT, 1, 16 + 2 * 18 + 16)
    (hit,) = _search(store, "login flaky").hits
    assert (hit.field, hit.turn) == (Field.ANSWER, 2)


def test_accents_and_typographic_signs_do_not_hide_anything(store: SessionStore) -> None:
    """The form in which something was typed comes first, in the query or in the session."""
    _add(store, 1, _started(1, "the cafe"))
    _add(store, 2, _started(1, "the caf\xe9"), _piece(1, "co\xadop\u200ber"), _piece(1, "ation"))
    _add(
        store,
        3,
        _started(1, "the cafe\u0301 \u2013 don\u2019t \u201cgo\u201d end\u2011to\u2011end"),
    )
    assert _ids(_search(store, "cafe")) == [1, 3, 2]
    assert _ids(_search(store, "CAFÉ")) == [3, 2, 1]
    assert _ids(_search(store, "cooperation")) == [2]
    assert _ids(_search(store, "don't end-to-end")) == [3]
    assert _ids(_search(store, "\u201cthe cafe\u201d \u2013cooperation")) == [1, 3]


def test_a_word_that_is_nowhere_is_named(store: SessionStore) -> None:
    """Among the sessions that are selected; without it there may be a hit."""
    _add(store, 1, _started(1, "login"), _finished(1, "the page"), tags=("a",))
    _add(store, 2, _started(1, "login"), _finished(1, "the door"))

    def nowhere(query: str, **fields: Any) -> list[str]:
        found = _search(store, query, **fields)
        assert not found.hits
        return [term.typed for term in found.nowhere]

    assert nowhere("Xyl") == ["Xyl"]
    assert nowhere('login xyl "page the" door') == ["xyl", '"page the"']
    assert nowhere("page door") == []
    assert nowhere("login -the") == []
    assert nowhere("door", only=Selection(archived=None, tags=("a",))) == ["door"]
    assert _search(store, "login").nowhere == ()


def test_filters_come_before_the_limit_and_archived_sessions_are_searched(
    store: SessionStore,
) -> None:
    """The filters are those of the list; unlike there, archived sessions are taken in."""
    _add(store, 1, title="login", tags=("work",))
    _add(store, 2, title="login", archived=True)
    _add(store, 3, title="login", status=Status.ERROR)
    assert _ids(_search(store, "login")) == [3, 2, 1]
    assert _ids(_search(store, "login", only=Selection(archived=True))) == [2]
    assert _ids(_search(store, "login", only=Selection(archived=None, tags=("work",)))) == [1]
    only = Selection(archived=None, status=Status.ACTIVE)
    assert _ids(_search(store, "login", only=only, limit=1)) == [2]


def test_an_interrupted_session_is_shown_with_its_status(store: SessionStore) -> None:
    """The status is the one that it has now, not the one that is stored."""
    opened = OpenTurn(number=1, started_at=START)
    _add(store, 1, _started(1, "login"), open_turn=opened)
    (hit,) = _search(store, "login").hits
    assert hit.listed.status is Status.INTERRUPTED


def test_a_session_whose_record_is_lost_is_found(store: SessionStore) -> None:
    """It is rebuilt from its transcript, with the title that stands there."""
    session = _session(1, title="the lost title")
    _write(store, session.id, {"type": "session"} | encode(session), _started(1, "login"))
    assert _ids(_search(store, "login lost")) == [1]


def test_a_session_without_a_transcript_is_found_by_its_record(store: SessionStore) -> None:
    """Whoever keeps no transcripts still searches titles, names and tags."""
    session = _session(1, title="login")
    store.create(session)
    assert _ids(_search(store, "login")) == [1]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"title": "login"', b"[]", b'"login"', b"\0" * 40, b"login \xff}"]
)
def test_a_damaged_record_is_said_and_hides_nothing_else(
    store: SessionStore, content: bytes
) -> None:
    """What breaks off may have held the words, so it is always said."""
    _add(store, 1, _started(1, "login"))
    _add(store, 2, _started(1, "login"))
    store.home.record(f"{2:012x}").write_bytes(content)
    found = _search(store, "login")
    assert _ids(found) == [1]
    (sentence,) = found.unreadable
    assert str(store.home.record(f"{2:012x}")) in sentence


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"id": 1}'])
def test_a_damaged_session_is_searched_by_its_whole_transcript(
    store: SessionStore, content: bytes
) -> None:
    """What was said in it is found, with its title and directory, and the damage is said."""
    told = {"type": "session", **encode(_session(1, title="a title"))}
    session = _add(store, 1, told, _started(1, "login"))
    store.home.record(session.id).write_bytes(content)
    found = _search(store, "login")
    assert _ids(found) == [1]
    assert found.hits[0].listed.session.title == "a title"
    assert found.unreadable == ()
    (sentence,) = found.rebuilt
    assert str(store.home.record(session.id)) in sentence
    assert _search(store, "nowhere").hits == ()


def test_damaged_lines_are_counted_where_they_may_matter(store: SessionStore) -> None:
    """A torn line is passed by and said; the lines around it are searched."""
    _add(store, 1, _started(1, "login"), b'{"type": "message", "text": "lo', _finished(1, "page"))
    _add(store, 2, b"rubbish", _started(1, "other"))
    found = _search(store, "login page")
    assert (_ids(found), found.damaged_lines, found.unreadable) == ([1], 1, ())


def test_a_transcript_that_is_a_link_is_not_followed(store: SessionStore, tmp_path: Path) -> None:
    """It is said to be unreadable, and the record is still searched."""
    session = _add(store, 1, title="login")
    secret = tmp_path / "secret"
    secret.write_bytes(_bytes(_started(1, "password")))
    transcript = store.home.transcript(session.id)
    transcript.unlink()
    transcript.symlink_to(secret)
    found = _search(store, "login")
    assert _ids(found) == [1]
    assert str(transcript) in found.unreadable[0]
    assert not _search(store, "password").hits


def test_names_that_are_no_sessions_are_passed_by(store: SessionStore) -> None:
    """A person's own files in our folders are left alone."""
    _add(store, 1, title="login")
    (store.home.sessions / "notes.json").write_text('{"title": "login"}')
    (store.home.transcripts / "notes.jsonl").write_text("login")
    assert _ids(_search(store, "login")) == [1]


def test_there_may_be_nothing_to_search(store: SessionStore) -> None:
    """An empty home is no error, and nothing is created by looking."""
    found = _search(store, "login")
    assert found == Found(hits=(), nowhere=parse_query("login").wanted)
    assert not store.home.root.exists()


# A search equals the most naive one: every text in full, folded, looked through.

_LETTERS = 'asSkKfi e\n\t.-/\\"ß\u017f\u212aﬁéİ\uff21…中ｶﾞ🎉\u0301\u0338\x1b\x00\udc80'
_TEXT = st.text(_LETTERS, max_size=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A session as it was made up: the texts themselves, before any file."""

    title: str
    tags: tuple[str, ...]
    turns: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    files: tuple[str, ...]
    finished: bool
    ensure_ascii: bool
    compact: bool

    def texts(self) -> Iterator[str]:
        """Every text that is to be searched."""
        yield from (self.title, *self.tags, *self.files)
        for prompt, messages in self.turns:
            yield prompt
            yield from map("".join, messages)


_MADE = st.builds(
    Made,
    title=_TEXT,
    tags=st.lists(_TEXT, max_size=1).map(tuple),
    turns=st.lists(
        st.tuples(
            _TEXT,
            st.lists(st.lists(_TEXT, min_size=1, max_size=3).map(tuple), max_size=2).map(tuple),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    files=st.lists(_TEXT, max_size=1).map(tuple),
    finished=st.booleans(),
    ensure_ascii=st.booleans(),
    compact=st.booleans(),
)


def _lines_of(made: Made) -> Iterator[Line]:
    for turn, (prompt, messages) in enumerate(made.turns, start=1):
        yield _started(turn, prompt)
        for message in messages:
            yield from (_piece(turn, piece) for piece in message)
            yield {"type": "usage", "turn": turn, "usage": {}}
        for path in made.files:
            yield {"type": "file_change", "turn": turn, "path": path, "change": "created"}
        if made.finished or turn < len(made.turns):
            yield _finished(turn, "".join(messages[-1]) if messages else "")


def _dump(made: Made, value: Line) -> bytes:
    separators = (",", ":") if made.compact else None
    text = json.dumps(value, ensure_ascii=made.ensure_ascii, separators=separators)
    return text.encode("utf-8", "backslashreplace")


@pytest.fixture(scope="module")
def new_store() -> Iterator[Callable[[], SessionStore]]:
    """Empty stores, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "home"

        def make() -> SessionStore:
            shutil.rmtree(root, ignore_errors=True)
            for name in ("sessions", "transcripts"):
                (root / name).mkdir(parents=True)
            return SessionStore(Home(root))

        yield make


def _naive(made: Made, query: list[tuple[str, bool]]) -> bool:
    texts = [" ".join(fold(text).split()) for text in made.texts()]
    return all(any(sought in text for text in texts) is wanted for sought, wanted in query)


@settings(max_examples=budget(40, long=3_000))
@given(made=st.lists(_MADE, min_size=1, max_size=2), data=st.data())
def test_a_search_finds_what_a_naive_one_finds(
    new_store: Callable[[], SessionStore], made: list[Made], data: st.DataObject
) -> None:
    """Whatever the texts, the words, the escapes, the spacing and the seams in the files."""
    store = new_store()
    for number, one in enumerate(made):
        session = _session(number, title=one.title, tags=one.tags)
        record, transcript = store.files(session.id)
        record.write_bytes(_dump(one, encode(session)))
        transcript.write_bytes(b"".join(_dump(one, line) + b"\n" for line in _lines_of(one)))
    texts = [text for one in made for text in one.texts() if text.replace('"', "").split()]
    query: list[tuple[str, bool]] = []
    for wanted in (True, data.draw(st.booleans()), data.draw(st.booleans())):
        text = data.draw(st.sampled_from(texts) if texts else st.just("x"))
        start = data.draw(st.integers(0, len(text) - 1))
        part = text[start : data.draw(st.integers(start + 1, len(text)))].replace('"', "")
        sought = " ".join(fold(data.draw(st.sampled_from([part, part.upper()]))).split())
        if sought:
            query.append((sought, wanted))
    if not any(wanted for _, wanted in query):
        return
    typed = " ".join(f'{"" if wanted else "-"}"{sought}"' for sought, wanted in query)
    expected = [number for number, one in enumerate(made) if _naive(one, query)]
    found = _search(store, typed)
    assert sorted(_ids(found)) == expected
    assert (found.damaged_lines, found.unreadable) == (0, ())
    for hit in found.hits:
        assert "\n" not in hit.snippet.text


def test_what_may_not_be_read_is_said(store: SessionStore) -> None:
    """A transcript without permission is said; as root everything can be read."""
    session = _add(store, 1, _started(1, "login"), title="login")
    store.home.transcript(session.id).chmod(0)
    found = _search(store, "login")
    assert _ids(found) == [1]
    assert bool(found.unreadable) is (os.geteuid() != 0)
