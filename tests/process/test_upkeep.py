"""While an agent works, what was overwritten in place is found; a short turn has no part in it."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clinvk.model.session import Session
from clinvk.services.upkeep import AFTER_S, upkeep
from clinvk.store.forms import json_page
from clinvk.store.index_drift import check
from clinvk.store.index_rounds import RECENT
from clinvk.store.paths import Home
from clinvk.store.records import encode
from clinvk.store.selection import Selection
from clinvk.store.sessions import SessionStore

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
OLD = "0" * 12


def _write(store: SessionStore, number: int, **fields: str) -> None:
    at = AT + timedelta(minutes=number)
    session = Session(
        id=f"{number:012x}", backend="demo", cwd="/p", created_at=at, last_used_at=at, **fields
    )
    store.home.record(session.id).write_bytes(json_page(encode(session)))


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """More sessions than every use looks at; one that nobody used for long is then overwritten."""
    made = SessionStore(Home(tmp_path))
    made.home.sessions.mkdir()
    for number in range(RECENT + 2):
        _write(made, number)
    made.select(Selection(), limit=1)
    time.sleep(0.2)  # marks settle
    made.select(Selection(), limit=1)
    _write(made, 0, title="overwritten")
    return made


def test_a_turn_that_takes_its_time_brings_the_index_up_to_date(store: SessionStore) -> None:
    """Nobody asks, and nobody waits."""
    assert check(store.home).changed == 1
    with upkeep(store):
        give_up = time.monotonic() + 30
        while check(store.home).any and time.monotonic() < give_up:
            time.sleep(0.1)
    assert not check(store.home).any


def test_a_short_turn_leaves_the_index_alone(store: SessionStore) -> None:
    """It is over at once, and nothing goes on behind its back."""
    began = time.monotonic()
    with upkeep(store):
        pass
    if time.monotonic() - began < AFTER_S:
        assert check(store.home).changed == 1
