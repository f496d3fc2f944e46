"""The words that completion offers: of all sessions, with the index and without it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bed.kept import session_of
from clinvk.store.home import Home
from clinvk.store.index import index
from clinvk.store.sessions.store import SessionStore

AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """Three sessions; the second has a model that was only asked for."""
    store = SessionStore(Home(tmp_path / "home"))
    for number, fields in enumerate(
        (
            {"tags": ("b", "a"), "conversation": {"id": "c-2", "model": "big-2"}},
            {"tags": ("ä", "b"), "model_asked": "big-1", "archived": True},
            {"conversation": {"id": "c-1", "model": "big-2"}},
        )
    ):
        usual = {"backend": "demo", "cwd": "/p", "created_at": AT, "last_used_at": AT}
        store.create(session_of(id=f"{number:012x}", **{**usual, **fields}))
    return store


@pytest.mark.parametrize("indexed", [True, False], ids=["with the index", "without it"])
def test_each_word_is_offered_once(
    store: SessionStore,
    indexed: bool,  # noqa: FBT001  a parameter
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sorted, those that begin so, and no more than asked for."""
    if not indexed:
        monkeypatch.setattr(index, "words", lambda *_: None)
    assert store.words("tag", "", 9) == ["a", "b", "ä"]
    assert store.words("tag", "", 2) == ["a", "b"]
    assert store.words("model", "", 9) == ["big-1", "big-2"]
    assert store.words("model", "big-2", 9) == ["big-2"]
    assert store.words("native", "demo:", 9) == ["demo:c-1", "demo:c-2"]
    assert store.words("native", "other:", 9) == []


def test_a_word_is_gone_with_the_last_session_that_had_it(store: SessionStore) -> None:
    """The index follows each change."""
    assert store.words("model", "", 9) == ["big-1", "big-2"]
    store.remove(f"{1:012x}", lambda _: None)
    assert store.words("model", "", 9) == ["big-2"]
    assert store.words("tag", "", 9) == ["a", "b"]


def test_an_empty_home_has_no_words(tmp_path: Path) -> None:
    """And asking makes none."""
    home = Home(tmp_path / "home")
    assert SessionStore(home).words("tag", "", 9) == []
    assert not home.root.exists()
