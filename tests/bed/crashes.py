"""A home in which clinvk, its agent or both are killed, and what must be true of it afterwards.

What is looked at are the files and what the store makes of them, in this process: a check costs
no start-up. Going on with the session is a real `clinvk -c`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bed.command import Command, kill_group
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
from clinvk.model.usage import total_usage
from clinvk.store import locks
from clinvk.store.home import Home
from clinvk.store.index import rebuild as index_diff
from clinvk.store.sessions import reading
from clinvk.store.sessions.selection import Query, Selection
from clinvk.store.sessions.store import SessionStore

STEPPED = Path(__file__).with_name("stepped.py")
WHOM = ("clinvk", "agent", "both")
WORDS = 60
PATIENCE_S = 180.0
"""So long may a turn take on a machine that is busy with other things."""
DEMO_ANSWER = " ".join(f"word{number}" for number in range(1, WORDS + 1))
DEMO_PROMPT = f"/long {WORDS}"
MODEL_PROMPT = "[[slow:12:20]] two"
LONG_PROMPT = "[[slow:40:50]] two"
"""For agents that take a second or two to start: or else hardly a kill would hit the answer."""
SLOW = frozenset({"gemini", "opencode", "qwen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a home held before the kill: each session's transcript and turns."""

    transcripts: dict[str, bytes]
    turns: dict[str, tuple[Turn, ...]]


@dataclass(slots=True)
class Findings:
    """What was not as promised."""

    said: list[str] = field(default_factory=list)

    def expect(self, holds: object, *what: object) -> bool:
        """Note what is wrong unless it holds."""
        if not holds:
            self.said.append(" ".join(map(str, what)))
        return bool(holds)


class CrashBed:
    """One home with one backend; `begin` makes sessions, `check` looks at what a kill left."""

    def __init__(self, clinvk: Command, backend: str) -> None:
        self.clinvk = clinvk
        self.backend = backend
        self.root = clinvk.home.clinvk_home
        self.prompt = LONG_PROMPT if backend in SLOW else MODEL_PROMPT
        self.prompt = DEMO_PROMPT if backend == "demo" else self.prompt
        self._saved = clinvk.home.home.with_name("saved")
        clinvk.home.home.joinpath("kept").mkdir(exist_ok=True)

    @property
    def store(self) -> SessionStore:
        """The home's sessions."""
        return SessionStore(Home(self.root))

    def begin(self, turns: int) -> None:
        """A session with so many turns, and another beside it that nobody touches."""
        for number in range(turns):
            self.say(*(("-b", self.backend) if number == 0 else ("-c",)), f"turn {number + 1}")
        elsewhere = self.clinvk.home.home / "kept"
        ran = self.clinvk("-b", self.backend, "beside it", cwd=elsewhere, timeout_s=PATIENCE_S)
        assert ran.exit_code == 0, ran.stderr
        self.clinvk("sessions", "list")  # so that there is an index

    def say(self, *args: str) -> dict[str, Any]:
        """One turn that must go well; its result."""
        ran = self.clinvk("-o", "json", *args, timeout_s=PATIENCE_S)
        assert ran.exit_code == 0, (args, ran)
        return ran.json()

    def save(self) -> None:
        """Keep the home as it is, for `restore`; from now on it is always a copy, and as new."""
        shutil.copytree(self.clinvk.home.home, self._saved, symlinks=True)
        self.restore()

    def restore(self) -> None:
        """The home as it was saved."""
        shutil.rmtree(self.clinvk.home.home)
        shutil.copytree(self._saved, self.clinvk.home.home, symlinks=True)

    def kept(self) -> Kept:
        """What the home holds now."""
        ids = self.store.ids()
        return Kept(
            transcripts={one: self._bytes(one) for one in ids},
            turns={one: self.store.transcript(one).turns for one in ids},
        )

    def stepped(self, step: int, whom: str, *args: str, log: Path) -> "subprocess.Popen[str]":
        """`clinvk`, killed at that step."""
        line = [sys.executable, STEPPED, self.root, str(step), whom, log, *args]
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.clinvk.home.project,
            env=self.clinvk.home.env,
            start_new_session=True,
        )

    def end(self, child: "subprocess.Popen[str]", timeout_s: float = PATIENCE_S) -> str:
        """Wait for clinvk itself: an agent left behind may hold its pipes open. What it said."""
        try:
            return child.communicate(timeout=timeout_s)[1]
        except subprocess.TimeoutExpired:
            kill_group(child)
            return "it never ended"

    def kill_in(self, seconds: float, whom: str, *args: str) -> "subprocess.Popen[str]":
        """`clinvk`, killed after that time."""
        child = self.clinvk.popen(*args)
        time.sleep(seconds)
        agents = [pid for pid, parent in _parents() if parent == child.pid]
        if whom != "agent":
            child.send_signal(signal.SIGKILL)
        if whom != "clinvk":
            for pid in agents:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        return child

    def check(self, before: Kept, findings: Findings) -> str:
        """Look at what was left, go on, and look again; returns where the kill has hit."""
        hit = self._look(before, findings)
        left = self.kept()
        self._go_on(before, left, findings)
        return hit

    def _look(self, before: Kept, findings: Findings) -> str:
        expect, store = findings.expect, self.store
        for record in self.root.glob("sessions/[!.]*"):
            expect(_parses(record), "half a record:", record.name)
        indexed = store.select(Selection(), limit=1000)
        read = reading.select(store.home, Query(Selection()))
        expect(indexed == read, "the index disagrees:", indexed, read)
        expect(not read.damaged, "damaged:", read.damaged)
        listed = {one.session.id: one for one in read.sessions}
        hit = "before the turn"
        begun = {one for one in store.ids() if store.find(one) is not None}
        for session_id in {*before.turns, *begun}:
            if not expect(session_id in listed, "not listed:", session_id):
                continue
            found = self._look_at(session_id, before, listed[session_id].status, findings)
            hit = found or hit
        return hit

    def _look_at(
        self, session_id: str, before: Kept, status: Status, findings: Findings
    ) -> str | None:
        """Where the kill has hit that session; None if it did not."""
        expect, old = findings.expect, before.turns.get(session_id, ())
        now, turns = self._bytes(session_id), self.store.transcript(session_id).turns
        expect(now.startswith(before.transcripts.get(session_id, b"")), "rewritten:", session_id)
        expect(turns[: len(old)] == old, "earlier turns differ:", session_id)
        if len(turns) == len(old):
            return None
        expect(len(turns) == len(old) + 1, "more than a turn was added:", turns)
        last = turns[-1]
        if last.interrupted:
            expect(not last.outcome.usage.known, "usage of a lost turn:", last.outcome.usage)
            record = self.store.load(session_id)
            # The record comes after the transcript, and the agent's prompt after both.
            begun = record.open_turn is not None
            expect(begun or last.outcome.backend_session_id is None, "begun, and not in the record")
            if begun:
                expect(status is Status.INTERRUPTED, "not interrupted but", status)
        else:
            expected = Status.ERROR if last.outcome.failure else Status.ACTIVE
            expect(status is expected, "over, and not", expected, "but", status)
        if self.backend == "demo" and last.prompt == DEMO_PROMPT:
            expect(DEMO_ANSWER.startswith(last.outcome.text), "not said:", last.outcome.text)
        return _where(last)

    def _go_on(self, before: Kept, left: Kept, findings: Findings) -> None:
        expect = findings.expect
        found = [self.store.find(one) for one in self.store.ids()]
        whole = [one for one in found if isinstance(one, Session)]
        here = [one.id for one in whole if one.cwd == str(self._project())]
        which = ("-c",) if here else ("-b", self.backend)  # or nothing was begun
        ran = self.clinvk(*which, "-o", "json", "after", timeout_s=PATIENCE_S)
        if not expect(ran.exit_code == 0, "does not go on:", ran.stdout[-600:], ran.stderr[-300:]):
            return
        result = ran.json()
        session_id = result["session_id"]
        expect(not here or session_id in here, "another session:", session_id)
        turns = self.store.transcript(session_id).turns
        self._same_conversation(result, left.turns.get(session_id, ()), findings)
        expect(turns[-1].prompt == "after", "not recorded:", turns[-1])
        earlier = left.turns.get(session_id, ())
        stands = turns[:-1] == earlier or (_ends_bare(earlier) and turns[:-1] == earlier[:-1])
        expect(stands, "the broken turn changed:", turns, earlier)
        for other in before.transcripts:
            if other != session_id:
                expect(self._bytes(other) == before.transcripts[other], "touched:", other)
        self._after(session_id, turns, findings)

    def _same_conversation(
        self, result: dict[str, Any], earlier: tuple[Turn, ...], findings: Findings
    ) -> None:
        answered = [turn for turn in earlier if turn.outcome.stop_reason == "end_turn"]
        if not answered:
            return
        same = answered[-1].outcome.backend_session_id
        findings.expect(result["backend_session_id"] == same, "another conversation:", result)
        findings.expect(result["resumed"], "begun anew:", result)
        if self.backend == "demo":
            heard = all(turn.prompt in result["text"] for turn in answered)
        else:
            heard = any(
                f"I remember {len(answered) + more} earlier" in result["text"]
                for more in range(len(earlier) - len(answered) + 1)
            )
        findings.expect(heard, "the agent forgot:", result["text"])

    def _after(self, session_id: str, turns: tuple[Turn, ...], findings: Findings) -> None:
        expect, session = findings.expect, self.store.load(session_id)
        expect(self.store.status_of(session) is Status.ACTIVE, "not active:", session)
        expect(session.open_turn is None, "still open:", session)
        known = [turn.outcome.usage for turn in turns if turn.outcome.usage.known]
        expect(session.usage == total_usage(known), "totals differ:", session.usage, known)
        expect(session.turns_reported == len(known), "reported:", session.turns_reported)
        running = self._left_running()
        expect(not running, "left running:", running)
        left = [path.name for path in self.root.rglob("*.tmp")]
        expect(not left, "half written files are left:", left)
        lock = self.root / "locks" / f"{session_id}.lock"
        expect(not locks.is_held(lock), "still held")
        expect(lock.stat().st_size == 0, "a name stays in the lock")
        expect(self.store.home.record(session_id).exists(), "no record:", session_id)
        if self.store.home.index.exists():
            diff = index_diff.check(self.store.home)
            expect(not diff.any, "the index differs:", diff)

    def _left_running(self) -> list[str]:
        """Whatever runs with this test's home; what has just been ended has a moment to go."""
        for _ in range(20):
            found = list(self._running())
            if not found:
                break
            time.sleep(0.1)
        return found

    def _running(self) -> Iterator[str]:
        marker = f"HOME={self.clinvk.home.home}".encode()
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                if marker not in (process / "environ").read_bytes().split(b"\0"):
                    continue
                if (process / "stat").read_text().rpartition(") ")[2][0] not in "ZX":
                    yield (process / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue

    def _bytes(self, session_id: str) -> bytes:
        path = self.store.home.transcript(session_id)
        return path.read_bytes() if path.exists() else b""

    def _project(self) -> Path:
        return self.clinvk.home.project.resolve()


def _where(turn: Turn) -> str:
    if not turn.interrupted:
        return "after the answer"
    if turn.outcome.text:
        return "in the answer"
    return (
        "before the agent's id" if turn.outcome.backend_session_id is None else "before the answer"
    )


def _ends_bare(turns: tuple[Turn, ...]) -> bool:
    """Only the start of the last was written: its number may be used again for the next."""
    return bool(turns) and turns[-1].interrupted and turns[-1].outcome.backend_session_id is None


def _parses(record: Path) -> bool:
    try:
        return isinstance(json.loads(record.read_bytes()), dict)
    except ValueError:
        return False


def _parents() -> Iterator[tuple[int, int]]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                fields = (process / "stat").read_text().rpartition(") ")[2].split()
                yield int(process.name), int(fields[1])
            except OSError:
                continue
