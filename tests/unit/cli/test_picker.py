"""What the picker offers: which sessions are left, and where the pointer stands."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.cli.picker import Choices
from clinvk.model.session import Session, Status
from clinvk.services.sessions.list import Listed, OfferedSessions
from clinvk.store.home import Home
from clinvk.store.index import index
from clinvk.store.index.file_signature import UNSETTLED_NS
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.casefold import fold
from clinvk.text.json_codec import json_page

AT = datetime(2026, 1, 2, tzinfo=UTC)


def listed(number: int, title: str = "", **fields: object) -> Listed:
    """A session of the list."""
    session = Session(
        id=f"{number:012x}",
        **{
            "backend": "demo",
            "cwd": "/code/app",
            "created_at": AT,
            "last_used_at": AT,
            "title": title or f"session {number}",
            **fields,
        },
    )
    return Listed(session=session, status=Status.ACTIVE)


OFFERED = [
    listed(1, "Fix the parser", tags=("urgent",)),
    listed(2, "\uff26\uff29\uff38 the \ufb01le reader", cwd="/code/other"),  # wide, and a ligature
    listed(3, "Straße und Weg", name="pr-842"),
]


@dataclass
class InMemory:
    """An offer that needs no store; `asked` are the parts that were read, `gone` are gone."""

    sessions: Sequence[Listed]
    asked: list[tuple[int, int]]
    gone: int = 0
    first_with_work: int = 0

    @property
    def count(self) -> int:
        """As many as there were."""
        return len(self.sessions)

    def part(self, first: int, count: int) -> Sequence[Listed]:
        """Those of them."""
        self.asked.append((first, count))
        return self.sessions[: self.count - self.gone][first : first + count]

    def narrowed(self, words: tuple[str, ...]) -> Self:
        """Those whose title has the words."""
        left = [
            one for one in self.sessions if all(word in fold(one.session.title) for word in words)
        ]
        return dataclasses.replace(self, sessions=left)


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """A store with the sessions above, the first of them used last; its index is made."""
    store = SessionStore(Home(tmp_path / "home"))
    for number, one in enumerate(OFFERED):
        used = AT - timedelta(minutes=number)
        store.create(replace(one.session, last_used_at=used))
    assert store.count(Selection()) == len(OFFERED)
    return store


def left_of(choices: Choices) -> list[int]:
    """The sessions that are left, by their numbers."""
    return [int(one.session.id, 16) for one in choices.window(10)[0]]


@pytest.mark.parametrize("indexed", [True, False], ids=["with the index", "without it"])
@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("", [1, 2, 3]),
        ("  ", [1, 2, 3]),
        ("fix", [1, 2]),
        ("parser FIX", [1]),
        ("file", [2]),
        ("STRASSE", [3]),
        ("pr-842", [3]),
        ("urgent", [1]),
        ("other", [2]),
        ("demo active", [1, 2, 3]),
        ("interrupted", []),
        ("000000000002", [2]),
        ("fix nothing", []),
        ("\x1b[A", []),
    ],
)
def test_every_word_must_occur_somewhere(
    store: SessionStore,
    typed: str,
    left: list[int],
    indexed: bool,  # noqa: FBT001  a parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In title, name, tags, backend, directory, status or id; in any order, case and width."""
    if not indexed:
        monkeypatch.setattr(index, "select", lambda *_, **__: None)
        monkeypatch.setattr(index, "count", lambda *_: None)
    resumable = Selection(resumable=True)
    choices = Choices(OfferedSessions(store, resumable, store.count(resumable)))
    choices.narrow(typed)
    assert left_of(choices) == left
    assert choices.count == len(left)
    assert (choices.pointed_at is None) == (not left)


@pytest.mark.parametrize(("typed", "left"), [("interrupt", [4]), ("RUN", []), ("act", [1, 2, 3])])
def test_the_typed_status_is_compared_with_the_current_one(
    store: SessionStore, typed: str, left: list[int]
) -> None:
    """A turn that was cut off is interrupted, which no record contains."""
    begun = listed(4).session.turn_started(at=AT)
    store.create(begun)
    resumable = Selection(resumable=True)
    choices = Choices(OfferedSessions(store, resumable, store.count(resumable)))
    choices.narrow(typed)
    assert left_of(choices) == left
    assert choices.count == len(left)


def test_with_nothing_left_there_is_nothing_to_take() -> None:
    """Enter takes no session that was not shown."""
    choices = Choices(InMemory(OFFERED, []))
    choices.narrow("no such thing")
    choices.move(1)
    assert choices.pointed_at is None
    assert list(choices.window(5)[0]) == []


def test_only_what_is_shown_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 500 sessions a screenful and a little more, wherever one moves and whatever is typed."""
    from clinvk.store.sessions import records

    store = SessionStore(Home(tmp_path / "home"))
    store.home.sessions.mkdir(parents=True)
    for number in range(500):
        one = replace(listed(number).session, last_used_at=AT + timedelta(minutes=number))
        store.home.record(one.id).write_bytes(json_page(encode(one)))
    for _ in range(2):
        time.sleep(1.2 * UNSETTLED_NS / 1e9)
        assert store.count(Selection(resumable=True)) == 500
    read: list[Path | str] = []
    content = records._content

    def noted(path: Path | str) -> bytes:
        read.append(path)
        return content(path)

    monkeypatch.setattr(records, "_content", noted)
    resumable = Selection(resumable=True)
    choices = Choices(OfferedSessions(store, resumable, store.count(resumable)))
    assert (choices.count, read) == (500, [])
    assert left_of(choices)[0] == 499
    choices.move(499)
    assert left_of(choices)[-1] == 0
    choices.narrow("session 250")
    assert left_of(choices) == [250]
    assert len(read) < 150


def test_which_sessions_are_of_a_place_is_asked_once_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a repository no session is read to be counted, and every directory is judged once."""
    from clinvk.store.sessions import records

    store = SessionStore(Home(tmp_path / "home"))
    store.home.sessions.mkdir(parents=True)
    for number in range(300):
        cwd = f"/p/{'app' if number % 3 else 'other'}/{number % 2}"
        one = replace(listed(number).session, cwd=cwd)
        store.home.record(one.id).write_bytes(json_page(encode(one)))
    judged: list[str] = []

    def place(cwd: str) -> bool:
        judged.append(cwd)
        return cwd.startswith("/p/app/")

    here = Selection(resumable=True, within=(Path("/p"),), place=place)
    for _ in range(2):
        time.sleep(1.2 * UNSETTLED_NS / 1e9)
        assert store.count(here) == 200
    judged.clear()
    read: list[Path | str] = []
    content = records._content
    monkeypatch.setattr(records, "_content", lambda path: read.append(path) or content(path))
    offered = OfferedSessions(store, here, store.count(here))
    assert (offered.count, read) == (200, [])
    assert sorted(judged) == ["/p/app/0", "/p/app/1", "/p/other/0", "/p/other/1"]
    assert len(offered.part(150, 10)) == len(read) == 10


def test_sessions_that_were_deleted_meanwhile_cannot_be_picked() -> None:
    """They were counted when the picker was opened."""
    offer = InMemory([listed(number) for number in range(200)], [], gone=50)
    choices = Choices(offer)
    choices.move(500)
    visible, at = choices.window(10)
    assert visible[at].session.id == f"{149:012x}"
    assert visible[at] is choices.pointed_at
    assert choices.count == 150


@given(
    count=st.integers(0, 40),
    rows=st.integers(-2, 12),
    moves=st.lists(st.integers(-50, 50), max_size=8),
)
def test_the_window_always_shows_what_is_pointed_at(
    count: int, rows: int, moves: list[int]
) -> None:
    """However far one moves and however small the window is; it is full if it can be."""
    choices = Choices(InMemory([listed(number) for number in range(count)], []))
    for by in [0, *moves]:
        choices.move(by)
        visible, at = choices.window(rows)
        assert len(visible) == min(max(rows, 1), count)
        if count:
            assert visible[at] is choices.pointed_at
