"""What commands cost with more and more sessions, beside ten of them, and beside a plain scan.

    python tests/bench/sessions.py [--rounds N] [--large]

The sessions are made in temporary folders. `--large` adds 100 000, which takes some minutes. Each
round runs every command once at every size; medians of processor time are compared, with that of
children. The second table leaves out the program's start. It asserts nothing.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from clinvk.errors import SessionNotFoundError
from clinvk.model.session import Session
from clinvk.model.usage import Usage
from clinvk.services.files.repositories import Bounds
from clinvk.services.sessions.places import Here
from clinvk.services.sessions.resolve import continued_session, find_named, resolve_reference
from clinvk.store.home import Home
from clinvk.store.sessions import reading
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.selection import Order, Query, Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.lines import session_line
from clinvk.text.json_codec import json_line, json_page, time_to_text

CLINVK = str(Path(sys.executable).with_name("clinvk"))
START = datetime(2025, 1, 27, 10, tzinfo=UTC)
CONVERSATION = "0f7c6f0e-6d5f-4f0a-9d8e-3c2b1a000001"
STEP = 7919
"""Between the ids, so that they have different beginnings."""

Case = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Size:
    """A home with so many sessions."""

    count: int
    home: Home
    project: Path

    def session_id(self, number: int) -> str:
        """The id of one of them."""
        return f"{(number * STEP * STEP) % (1 << 48):012x}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = [10, 1_000, 10_000, *([100_000] if options.large else [])]
        sizes = [_make(Path(folder) / str(count), count) for count in counts]
        first = {size.count: _timed(lambda size=size: _list(size)) for size in sizes}
        time.sleep(0.3)
        for size in sizes:  # what was read just after it was made is read once more
            _list(size)
        _print("commands, with the program's start", sizes, _commands, options.rounds)
        _print("the same without the start", sizes, _calls, options.rounds)
        sys.stdout.write("\nthe index is made at the first use, or after it was deleted\n")
        for count, seconds in first.items():
            sys.stdout.write(f"  {count:>8,} sessions{seconds * 1000:>10.0f} ms\n")


def _commands(size: Size) -> dict[str, Case]:
    number = size.count // 2
    return {
        "sessions list -n 20": lambda: _clinvk(size, "sessions", "list", "-n", "20"),
        "-c --dry-run": lambda: _clinvk(size, "-c", "--dry-run", "go on"),
        "show PREFIX": lambda: _clinvk(size, "sessions", "show", size.session_id(number)[:11]),
        "show NAME": lambda: _clinvk(size, "sessions", "show", "name-0"),
        "a whole demo turn": lambda: _clinvk(size, "-b", "demo", "-q", "-s", "name-0", "hello"),
    }


def _calls(size: Size) -> dict[str, Case]:
    store = SessionStore(size.home)
    latest = Selection(archived=False)
    some = store.load(size.session_id(1))
    return {
        "list 20": lambda: store.select(latest, limit=20),
        "list 20 by title": lambda: store.select(latest, limit=20, order=Order.TITLE),
        "list 20 of a backend": lambda: store.select(replace(latest, backend="other"), limit=20),
        "list 20 of a tag": lambda: store.select(replace(latest, tags=("rare",)), limit=20),
        "continue": lambda: continued_session(store, Here(size.project, Bounds())),
        "look up a prefix": lambda: resolve_reference(store, size.session_id(2)[:11]),
        "look up a name": lambda: find_named(store, "name-0"),
        "look up what is not there": lambda: _look_in_vain(store),
        "record": lambda: store.save(some),
        "list after a change by hand": lambda: _after_a_change(size, store, latest),
        "list 20 by a plain scan": lambda: reading.select(size.home, Query(latest, limit=20)),
    }


def _look_in_vain(store: SessionStore) -> None:
    with suppress(SessionNotFoundError):
        resolve_reference(store, "no-such-name")


def _after_a_change(size: Size, store: SessionStore, latest: Selection) -> object:
    (size.home.sessions / "notes.txt").touch()
    (size.home.sessions / "notes.txt").unlink()
    return store.select(latest, limit=20)


def _list(size: Size) -> None:
    SessionStore(size.home).select(Selection(archived=False), limit=20)


def _clinvk(size: Size, *words: str) -> None:
    env = {
        "HOME": str(size.project),
        "CLINVK_HOME": str(size.home.root),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "CLINVK_DEMO_DELAY_MS": "0",
    }
    subprocess.run(
        [CLINVK, *words],
        env=env,
        cwd=size.project,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )


def _make(folder: Path, count: int) -> Size:
    """Write the sessions as clinvk writes them, but for the syncing."""
    size = Size(count, Home(folder / "home"), folder / "project")
    size.project.mkdir(parents=True)
    for home in (size.home.root, size.home.sessions, size.home.transcripts):
        home.mkdir(mode=0o700)
    for number in range(count):
        at = START + timedelta(minutes=number)
        session = Session(
            id=size.session_id(number),
            backend="other" if number % 3 and number % 50 else "demo",
            cwd=str(size.project) if number % 50 == 0 else f"/projects/app{number % 20}",
            created_at=at,
            last_used_at=at,
            name=f"name-{number}" if number % 10 == 0 else None,
            title=f"Fix the bug number {number * STEP % count}",
            tags=("rare",) if number % 500 == 0 else (),
            turns=2,
            conversation=CONVERSATION,
            conversation_seen=True,
            usage=Usage(input_tokens=number * STEP % count, output_tokens=567),
        )
        os.close(os.open(size.home.record(session.id), os.O_CREAT, 0o600))
        size.home.record(session.id).write_bytes(json_page(encode(session)))
        os.close(os.open(size.home.transcript(session.id), os.O_CREAT, 0o600))
        lines = (session_line(session), *_turn(1, session), *_turn(2, session))
        size.home.transcript(session.id).write_bytes(b"".join(map(json_line, lines)))
    kept = size.project / ".local" / "share" / "clinvk-demo" / f"{CONVERSATION}.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"id": CONVERSATION, "title": "", "model": "demo-1", "turns": []}))
    os.sync()
    return size


def _turn(number: int, session: Session) -> Iterator[dict[str, Any]]:
    at = time_to_text(session.last_used_at)
    begun = {"prompt": "fix it", "model": None, "access": None, "cwd": session.cwd}
    begun |= {"conversation": CONVERSATION, "resume": number > 1}
    yield {"type": "turn_started", "turn": number, "at": at, **begun}
    yield {"type": "message", "turn": number, "text": "It is fixed."}
    yield {"type": "turn_finished", "turn": number, "at": at}


def _timed(case: Case) -> float:
    """Processor seconds: what else a machine does changes them little."""
    started = _processor_s()
    case()
    return _processor_s() - started


def _processor_s() -> float:
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _print(
    title: str, sizes: list[Size], cases_of: Callable[[Size], dict[str, Case]], rounds: int
) -> None:
    cases = {size.count: cases_of(size) for size in sizes}
    names = list(cases[sizes[0].count])
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for name in names:
            for count, of_size in cases.items():
                taken.setdefault((name, count), []).append(_timed(of_size[name]))
    heads = "".join(f"{count:>18,}" for count in cases)
    sys.stdout.write(f"\n{title}\n  {'':<28}{heads}\n")
    for name in names:
        base = statistics.median(taken[name, sizes[0].count])
        cells = ""
        for count in cases:
            median = statistics.median(taken[name, count])
            cells += f"{median * 1000:>9.1f} ms{median / base:>5.1f}x"
        sys.stdout.write(f"  {name:<28}{cells}\n")


if __name__ == "__main__":
    main()
