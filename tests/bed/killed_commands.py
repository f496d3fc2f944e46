"""Commands that start no agent, killed at one step of what they do, and what must be true then.

After a kill each file of the home is as it was before, or as the command leaves it. Given again the
command does the rest, and the home is as if it had never been killed.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bed.crashes import CrashBed, Findings
from clinvk.errors import ExitStatus
from clinvk.store.index import rebuild as index_diff
from clinvk.store.leftovers import OLD_S, iter_half_copies, iter_leftovers
from clinvk.store.sessions import reading
from clinvk.store.sessions.selection import Query, Selection

Files = Mapping[str, bytes]
_CONFIG = "# mine\nrun:\n  timeout: 20m  # long enough\n"
_DERIVED = frozenset({"cache", "locks"})
_CLEAN = ("sessions", "clean", "--older-than", "1s", "--keep-last", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A command line; `deletes` are the sessions that it names and that are no more after it."""

    line: tuple[str, ...]
    deletes: tuple[str, ...] = ()

    def again(self, there: Iterable[str]) -> tuple[str, ...]:
        """The line for what it has not done yet: what is gone can be named by nobody."""
        gone = set(self.deletes) - set(there)
        return tuple(word for word in self.line if word not in gone)


class CommandBed:
    """A home with three sessions, an index and a configuration, and an export beside it."""

    def __init__(self, bed: CrashBed) -> None:
        self._bed, self._clinvk = bed, bed.clinvk
        self.archive = bed.root / "old ones"
        self._export = str(bed.clinvk.home.home / "exported.json")
        self.ids = tuple(self._begin(number) for number in range(4))
        old, _, _, other = self.ids
        self._run("sessions", "tag", old, "first")
        self._run("sessions", "name", other, "other")
        self._run("sessions", "export", old, other, "--format=json", "-O", self._export)
        self._run("sessions", "delete", other, "-y")
        config = bed.root / "config.yaml"
        config.write_text(_CONFIG)
        config.chmod(0o600)
        self._run("sessions", "list")
        self._wait_until_old(*self.ids[:2])
        bed.save()
        self._before = self._files()

    def _wait_until_old(self, *ids: str) -> None:
        """Until the cleaning would take these: on a fast machine they are not yet a second old."""
        for _ in range(100):
            listed = self._clinvk(*_CLEAN, "--dry-run").stdout
            if all(one in listed for one in ids):
                return
        raise AssertionError(listed)

    def lines(self) -> dict[str, Killed]:
        """What is killed, each by a name of its own."""
        old, middle, new, _ = self.ids
        lines = {
            "archive": ("sessions", "archive", old, middle),
            "clean": _CLEAN,
            "clean --archive": (*_CLEAN, "--archive", str(self.archive)),
            "close": ("sessions", "close", old),
            "config set": ("config", "set", "run.timeout", "30m"),
            "config unset": ("config", "unset", "run.timeout"),
            "import": ("sessions", "import", self._export),
            "name": ("sessions", "name", new, "mine"),
            "reindex": ("sessions", "reindex"),
            "rename": ("sessions", "rename", old, "another title"),
            "tag": ("sessions", "tag", old, "second", "third"),
            "untag": ("sessions", "untag", old, "first"),
        }
        deletes = Killed(line=("sessions", "delete", old, middle, "-y"), deletes=(old, middle))
        return {"delete": deletes} | {name: Killed(line=line) for name, line in lines.items()}

    def steps(self, killed: Killed) -> tuple[list[str], Files]:
        """The steps of the command, in order, and what the files are after it; undone again."""
        names = self._step(0, killed)
        after = self._files()
        self._bed.restore()
        return names, after

    def kill(self, killed: Killed, number: int, after: Files) -> list[str]:
        """What was found after a kill at that step, and after the command was given again."""
        findings = Findings()
        came = len(self._step(number, killed))
        findings.expect(came == number, "was not killed there but came to", came)
        self._whole(after, findings)
        self._logged(killed, findings)
        self._listed(findings)
        self._again(killed, findings)
        self._as_if_never_killed(after, findings)
        self._listed(findings)
        self._bed.restore()
        return findings.said

    def _again(self, killed: Killed, findings: Findings) -> None:
        again = killed.again(self._bed.store.ids())
        if killed.deletes and not set(killed.deletes) & set(again):
            return
        ran = self._clinvk(*again)
        if "untag" in again and ran.exit_code == ExitStatus.USAGE:
            # The record lacks the tag already; its transcript is told of the next change.
            self._run("sessions", "tag", *again[2:])
            ran = self._clinvk(*again)
        findings.expect(ran.exit_code == 0, "cannot be given again:", ran)

    def _whole(self, after: Files, findings: Findings) -> None:
        """Each file is as it was, or as the command leaves it, or on the way with a line more."""
        expect, before, now = findings.expect, self._before, self._files()
        for name in {*before, *after, *now}:
            was, is_, will = (files.get(name) for files in (before, now, after))
            if is_ not in (was, will):
                grows = is_ and will and will.startswith(is_) and is_.startswith(was or b"\n")
                expect(name.endswith(".jsonl") and grows, "neither old nor new:", name, is_)
        for one in self.ids:
            record, transcript = f"sessions/{one}.json", f"transcripts/{one}.jsonl"
            # Or else a session would be rebuilt of which only half is there, or the wrong one.
            expect(record in now or transcript not in before or transcript not in now, "half:", one)
            expect(transcript in now or record in before or record not in now, "no turns:", one)
            if self.archive.exists():
                for name in {record, transcript} & set(before):
                    moved = f"{self.archive.name}/{name.rpartition('/')[2]}"
                    kept = before[name] in (now.get(name), now.get(moved))
                    expect(kept, "neither here nor there:", name)

    def _logged(self, killed: Killed, findings: Findings) -> None:
        """Nothing that a cleaning has taken is missing in its log, whose lines are whole."""
        if killed.line[:2] == ("sessions", "clean"):
            log, there = self._bed.store.home.cleaning_log, self._bed.store.ids()
            lines = log.read_bytes().splitlines() if log.exists() else []
            logged = {one["id"] for one in _lines(b"\n".join(lines)) if isinstance(one, dict)}
            gone = set(self.ids[:3]) - set(there)
            findings.expect(gone <= logged, "gone and not in the log:", gone - logged)

    def _listed(self, findings: Findings) -> None:
        """The list is right, with the index and without it, and the index is then, too."""
        expect, store = findings.expect, self._bed.store
        indexed = store.select(Selection(), limit=1000)
        read = reading.select(store.home, Query(Selection()))
        expect(indexed == read, "the index disagrees:", indexed, read)
        expect(not read.damaged, "damaged:", read.damaged)
        listed = {one.session.id for one in read.sessions}
        expect(listed == set(store.ids()), "not listed:", set(store.ids()) ^ listed)
        if store.home.index.exists():
            expect(not index_diff.check(store.home).any, "the index differs from the folder")

    def _as_if_never_killed(self, after: Files, findings: Findings) -> None:
        expect, now, home = findings.expect, self._files(), self._bed.store.home
        expect({*now} == {*after}, "other files:", {*now} ^ {*after})
        for name in {*now} & {*after}:
            same = now[name] == after[name] or _lines(now[name]) == _lines(after[name])
            expect(same, "another content:", name, now[name], after[name])
        # That of a name is taken over by whoever asks for the name next.
        locks = [lock for lock in home.locks.glob("*") if not lock.name.startswith("name-")]
        signed = [lock.name for lock in locks if lock.stat().st_size]
        expect(not signed, "a name stays in a lock:", signed)
        left = set(home.root.rglob(".*.tmp"))
        if left:
            aged = max(path.stat().st_mtime for path in left) + OLD_S + 1
            known = {*iter_leftovers(home, now_s=aged), *iter_half_copies(self.archive, now_s=aged)}
            lost = left - known
            expect(not lost, "half files that nothing clears away:", lost)

    def _files(self) -> Files:
        """What the home holds that could not be made again; temporary files are told apart."""
        root = self._bed.root
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
            and path.relative_to(root).parts[0] not in _DERIVED
            and path.name != self._bed.store.home.cleaning_log.name  # see `_logged`
            and path.suffix != ".tmp"
        }

    def _step(self, number: int, killed: Killed) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "steps"
            self._bed.end(self._bed.stepped(number, "clinvk", *killed.line, log=log))
            return [line.partition(" ")[2] for line in log.read_text().splitlines()]

    def _begin(self, number: int) -> str:
        return str(self._bed.say("-b", "demo", f"prompt {number}")["session_id"])

    def _run(self, *line: str) -> None:
        ran = self._clinvk(*line)
        assert ran.exit_code == 0, ran


def _lines(content: bytes) -> list[object]:
    """What the whole lines say: one that a kill has cut, or that is told twice, says nothing."""
    found: list[object] = []
    for line in content.splitlines():
        with suppress(ValueError):
            said = json.loads(line)
            found += [said] if found[-1:] != [said] else []
    return found
