"""Which sessions a list has, and in which order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.model.session import OpenTurn, Session, Status
from clinvk.model.usage import Usage
from clinvk.services.sessions.list import Order, Selection, list_sessions
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Create = Callable[..., Session]
A, B, C, D = "aaaa00000001", "bbbb00000001", "cccc00000001", "dddd00000001"


@pytest.fixture
def listed(world: World) -> Callable[..., list[str]]:
    """The ids that a filter takes, in order."""

    def ids(limit: int | None = None, order: Order = Order.LAST, **only: Any) -> list[str]:
        found = list_sessions(
            world, Selection(**{"archived": False, **only}), limit=limit, order=order
        )
        return [one.session.id for one in found.sessions]

    return ids


@pytest.fixture
def four(create: Create, world: World) -> None:
    """Four sessions that differ in everything; D was used last, A long ago."""
    now = world.now()
    create(A, days=9, title="zebra", tags=("x", "y"), usage=Usage(input_tokens=5, output_tokens=0))
    create(B, days=3, title="Ant", backend="other", status=Status.ERROR, created_at=now)
    create(C, days=2, title="bee", tags=("x",), usage=Usage(input_tokens=9, output_tokens=0))
    create(D, archived=True, open_turn=OpenTurn(number=1, started_at=now))


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("only", "found"),
    [
        ({}, [C, B, A]),
        ({"archived": True}, [D]),
        ({"archived": None}, [D, C, B, A]),
        ({"backend": "other"}, [B]),
        ({"status": Status.ERROR}, [B]),
        ({"status": Status.INTERRUPTED, "archived": None}, [D]),
        ({"tags": ("x",)}, [C, A]),
        ({"tags": ("x", "y")}, [A]),
        ({"tags": ("X",)}, []),
        ({"keep": lambda session: session.title == "bee"}, [C]),
        ({"backend": "demo", "tags": ("y",)}, [A]),
    ],
)
def test_a_session_passes_every_filter(
    listed: Callable[..., list[str]], only: dict[str, Any], found: list[str]
) -> None:
    """All that were said hold; archived sessions are hidden unless they are asked for."""
    assert listed(**only) == found


@pytest.mark.usefixtures("four")
def test_a_time_filter_is_from_and_before(listed: Callable[..., list[str]], world: World) -> None:
    """The first moment counts, the last does not, so that two neighbouring lists share nothing."""
    middle = world.now() - timedelta(days=3)
    assert listed(since=middle) == [C, B]
    assert listed(until=middle) == [A]
    assert listed(since=middle, until=middle + timedelta(days=1)) == [B]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("order", "found"),
    [
        (Order.LAST, [C, B, A]),
        (Order.CREATED, [B, C, A]),
        (Order.TOKENS, [C, A, B]),
        (Order.TITLE, [B, C, A]),
    ],
)
def test_a_list_has_the_order_asked_for(
    listed: Callable[..., list[str]], order: Order, found: list[str]
) -> None:
    """Latest, newest or largest first, unknown figures last; titles whatever their case."""
    assert listed(order=order) == found


@pytest.mark.usefixtures("four")
def test_a_list_is_filtered_first_then_limited(listed: Callable[..., list[str]]) -> None:
    """`-n 1` of those with the tag is one with the tag."""
    assert listed(limit=1, tags=("y",)) == [A]
    assert listed(limit=2, order=Order.TITLE) == [B, C]


def test_only_given_filters_narrow_the_list() -> None:
    """An empty list without filters means that there is no session yet, and says so."""
    assert not Selection(archived=False).narrows
    assert not Selection(archived=None).narrows
    for only in ({"backend": "x"}, {"tags": ("x",)}, {"archived": True}, {"keep": bool}):
        assert Selection(**only).narrows


def test_a_turn_that_ended_before_a_crash_is_listed_as_ended(
    store: SessionStore, world: World, create: Create
) -> None:
    """If a crash came before the record was written, the transcript is used."""
    session = create(A)
    store.save(replace(session, open_turn=OpenTurn(number=1, started_at=session.created_at)))
    (one,) = list_sessions(world, Selection(archived=False)).sessions
    assert one.status is Status.INTERRUPTED
