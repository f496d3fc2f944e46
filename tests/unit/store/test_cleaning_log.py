"""The log of cleanings: whole lines, the newest ones, and not too many."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from clinvk.store.cleaning_log import (
    KEPT,
    LARGEST,
    NOT_REMOVED,
    REMOVED,
    Cleaning,
    CleaningLog,
    last_cleanings,
)
from clinvk.store.home import Home
from clinvk.text.json_codec import time_to_text

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)


def line(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A line of a cleaning that began then."""
    return {"cleaning": time_to_text(at), "what": REMOVED, "bytes": 7, **fields}


def write(home: Home, *lines: dict[str, Any], now: datetime = NOW) -> None:
    """Append these lines, as one cleaning."""
    with CleaningLog(home, now) as log:
        for one in lines:
            log.append(one)
    assert log.failure is None


def read(home: Home) -> list[dict[str, Any]]:
    """All lines."""
    return [json.loads(one) for one in home.cleaning_log.read_text().splitlines()]


def test_a_line_that_was_cut_off_harms_no_other(home: Home) -> None:
    """The next cleaning begins a new line, and the half one is skipped."""
    home.root.mkdir()
    home.cleaning_log.write_text('{"cleaning": "2026-')
    write(home, line(id="a"))
    assert home.cleaning_log.read_text().splitlines()[-1:] == [json.dumps(line(id="a"))]
    assert last_cleanings(home.cleaning_log, 3) == [Cleaning(at=NOW, sessions=1, size=7)]


def test_a_large_log_loses_its_older_half(home: Home) -> None:
    """It is at most 4 MiB after a cleaning, of whole lines, the newest ones; private still."""
    long = "x" * 100_000
    write(home, *(line(number=number, title=long) for number in range(LARGEST // 100_000 + 2)))
    numbers = [one["number"] for one in read(home)]
    assert home.cleaning_log.stat().st_size <= LARGEST // 2
    assert numbers == list(range(numbers[0], LARGEST // 100_000 + 2))
    assert len(numbers) > LARGEST // 100_000 // 3
    assert home.cleaning_log.stat().st_mode & 0o777 == 0o600


def test_lines_are_not_kept_for_ever(home: Home) -> None:
    """Those of a year ago go with the next cleaning."""
    write(home, line(NOW - KEPT - timedelta(days=1), id="a"), now=NOW - KEPT)
    write(home, line(id="b"))
    assert [one["id"] for one in read(home)] == ["b"]


def test_a_log_that_another_process_writes_is_not_replaced(home: Home) -> None:
    """Its lines would be lost; the next cleaning shortens the log."""
    old = line(NOW - KEPT - timedelta(days=1), id="a")
    with CleaningLog(home, NOW) as other:
        other.append(old)
        write(home, line(id="b"))
        assert [one["id"] for one in read(home)] == ["a", "b"]
        other.append(line(id="c"))
    assert [one["id"] for one in read(home)] == ["b", "c"]


def test_the_last_cleanings_are_counted(home: Home) -> None:
    """The newest first, without what stayed after all; invalid lines are skipped."""
    days = [NOW - timedelta(days=number) for number in range(4)]
    write(home, *(line(at) for at in reversed(days)), line(), {"what": REMOVED}, {"cleaning": 7})
    write(home, line(days[1]), line(days[1], what=NOT_REMOVED))
    write(home, line(days[2], what=NOT_REMOVED), line(days[3], bytes="much"))
    assert last_cleanings(home.cleaning_log, 2) == [
        Cleaning(at=NOW, sessions=2, size=14),
        Cleaning(at=days[1], sessions=1, size=7),
    ]
    assert [one.at for one in last_cleanings(home.cleaning_log, 9)] == [days[0], days[1], days[3]]
    for nothing in (home.root / "none", home.cleaning_log / "below a file"):
        assert last_cleanings(nothing, 3) == []
