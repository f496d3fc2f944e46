"""What the picker and the everyday commands cost in a crowded home, beside bare Python.

    python tests/bench/picker.py [--rounds N] [--events N] [--large]

The homes have 10 and 10 000 sessions (`--large` adds 100 000, which takes some minutes), and one of
each has a turn that was interrupted after 300 000 events, in a conversation that the agent still
has. Each round runs every case once at every size; medians of processor time are compared, with
that of children. It asserts nothing.
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
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinvk.cli.picker import Choices
from clinvk.model.session import Session
from clinvk.services.sessions.list import offered_in
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.lines import backend_session_line, session_line
from clinvk.text.json_codec import json_line, json_page, time_to_text

CLINVK = str(Path(sys.executable).with_name("clinvk"))
START = datetime(2025, 1, 27, 10, tzinfo=UTC)
ROWS = 40
CONVERSATION = "0f7c6f0e-6d5f-4f0a-9d8e-3c2b1a000001"

Case = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Crowd:
    """A home with so many sessions; `open` is the id of the one whose turn was interrupted."""

    home: Home
    project: Path
    open: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    counts = [10, 10_000, *([100_000] if options.large else [])]
    with tempfile.TemporaryDirectory() as folder:
        crowds = {count: _make(Path(folder, str(count)), count, options.events) for count in counts}
        for crowd in crowds.values():  # the index is made, and what was just written settles
            SessionStore(crowd.home).select(Selection(), limit=1)
        time.sleep(0.3)
        bare = {count: {"python -c pass": _bare} for count in counts}
        cases = {count: {**bare[count], **_cases(crowd)} for count, crowd in crowds.items()}
        for of_size in cases.values():
            for case in of_size.values():
                case()
        _print(cases, options.rounds)


def _cases(crowd: Crowd) -> dict[str, Case]:
    opened = _open(crowd)  # the keys below are pressed in this picker
    return {
        "sessions list -n 20": lambda: _clinvk(crowd, "sessions", "list", "-n", "20"),
        "-c --dry-run": lambda: _clinvk(crowd, "-c", "--dry-run", "more"),
        "show, the open one": lambda: _clinvk(crowd, "sessions", "show", crowd.open),
        "resume, no terminal": lambda: _clinvk(crowd, "resume", "-i", status=2),
        "resume -b, no terminal": lambda: _clinvk(crowd, "resume", "-b", "demo", status=2),
        "picker: open": lambda: _open(crowd),
        "key: a letter": lambda: _type(opened, "e"),
        "key: to the end": lambda: _to_the_end(opened),
        "key: a common word": lambda: _type(opened, "session"),
        "key: a rare word": lambda: _type(opened, "unicorn"),
        "key: a status": lambda: _type(opened, "interrupted"),
        "key: three words": lambda: _type(opened, "session 9 demo"),
        "key: nothing matches": lambda: _type(opened, "zzz"),
    }


def _open(crowd: Crowd) -> Choices:
    choices = Choices(offered_in(SessionStore(crowd.home), Selection(resumable=True)))
    choices.window(ROWS)
    return choices


def _to_the_end(choices: Choices) -> None:
    choices.move(choices.count)
    choices.window(ROWS)


def _type(choices: Choices, typed: str) -> None:
    choices.narrow(typed)
    choices.window(ROWS)


def _bare() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def _clinvk(crowd: Crowd, *words: str, status: int = 0) -> None:
    env = {
        "HOME": str(crowd.project),
        "CLINVK_HOME": str(crowd.home.root),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    ran = subprocess.run(
        [CLINVK, *words],
        env=env,
        cwd=crowd.project,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    if ran.returncode != status:
        raise SystemExit(ran.stderr.decode())


def _make(folder: Path, count: int, events: int) -> Crowd:
    """Write the sessions as clinvk writes them, but for the syncing; the latest is interrupted."""
    home, project = Home(folder / "home"), folder / "project"
    project.mkdir(parents=True)
    for made in (home.root, home.sessions, home.transcripts):
        made.mkdir(mode=0o700)
    for number in range(count):
        at = START + timedelta(minutes=number)
        session = Session(
            id=f"{number * 7919:012x}",
            backend="demo",
            cwd=str(project),
            created_at=at,
            last_used_at=at,
            title=f"session {number}" + (" with a unicorn" if number % 5_000 == 3 else ""),
            turns=1,
        )
        if number == count - 1:
            session = session.turn_started(at=at)
            home.transcript(session.id).write_bytes(json_line(session_line(session)))
            with home.transcript(session.id).open("ab") as file:
                _interrupted(file.write, session, events)
        home.record(session.id).write_bytes(json_page(encode(session)))
    kept = home.root / "demo" / f"{CONVERSATION}.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"id": CONVERSATION, "title": "", "model": "demo-1", "turns": []}))
    os.sync()
    return Crowd(home, project, session.id)


def _interrupted(write: Callable[[bytes], object], session: Session, events: int) -> None:
    """A turn whose agent did a lot, of which the end is missing."""
    about = {"prompt": "p", "model": None, "access": None, "cwd": session.cwd}
    begun = {"type": "turn_started", "turn": 2, "at": time_to_text(session.last_used_at)}
    write(json_line({**begun, **about, "conversation": CONVERSATION, "resume": True}))
    write(json_line(backend_session_line(2, session.last_used_at, CONVERSATION, "model-1")))
    for number in range(events // 2):
        call = {"turn": 2, "id": f"t{number}"}
        write(json_line({"type": "tool_use", **call, "name": "Bash", "summary": "make test"}))
        write(json_line({"type": "tool_result", **call, "ok": True, "text": "passed " * 12}))


def _timed(case: Case) -> float:
    """Processor seconds: what else a machine does changes them little."""
    started = _processor_s()
    case()
    return _processor_s() - started


def _processor_s() -> float:
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _print(cases: dict[int, dict[str, Case]], rounds: int) -> None:
    taken: dict[tuple[str, int], list[float]] = {}
    names = list(next(iter(cases.values())))
    for _ in range(rounds):
        for name in names:
            for count, of_size in cases.items():
                taken.setdefault((name, count), []).append(_timed(of_size[name]))
    sys.stdout.write(f"{'':<28}" + "".join(f"{count:>24,}" for count in cases) + "\n")
    for name in names:
        cells = ""
        for count in cases:
            median = statistics.median(taken[name, count])
            bare = statistics.median(taken["python -c pass", count])
            cells += f"{median * 1000:>12.1f} ms{median / bare:>8.2f}x"
        sys.stdout.write(f"{name:<28}{cells}\n")


if __name__ == "__main__":
    main()
