"""Recorded cases and what a backend makes of them; discovered from the folders, never listed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import to_builtins
from msgspec.structs import fields

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Event, Result
from clinvk.model.request import Invocation, TurnRequest
from clinvk.process.framing import LineFramer
from contract.dialogue import Talk

STREAMS = Path(__file__).resolve().parent / "streams"
_REQUEST_FIELDS = {each.name for each in fields(TurnRequest)}


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded child process."""

    backend_name: str
    name: str

    @property
    def folder(self) -> Path:
        """Where it was recorded."""
        return STREAMS / self.backend_name / self.name

    @property
    def backend(self) -> Backend:
        """The backend that it was recorded for."""
        return backends.get(self.backend_name)

    @property
    def facts(self) -> dict[str, Any]:
        """What was asked and how it ended."""
        return _facts(self)

    @property
    def stdout(self) -> bytes:
        """What the child printed."""
        return (self.folder / "stdout.jsonl").read_bytes()

    @property
    def stderr(self) -> str:
        """The end of what the child said on stderr."""
        return (self.folder / "stderr.txt").read_text("utf-8")

    @property
    def lines(self) -> list[str]:
        """What the child printed, line by line."""
        return [*_lines(self)]

    @property
    def asks(self) -> bool:
        """Whether the agent could ask: the case is a dialogue on its live channel."""
        asked = self.facts["request"].get("access") == Access.ASK.value
        return asked or self.backend.always_asks

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What the agent's requests were answered, if it asked: see `contract.dialogue`."""
        file = self.folder / "answers.json"
        answers: list[dict[str, Any]] = json.loads(file.read_text("utf-8")) if file.exists() else []
        return answers

    @property
    def kept(self) -> list[str]:
        """What the agent's own file says of the conversation after the turn, if it was kept."""
        file = self.folder / "kept.jsonl"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    @property
    def before(self) -> "Case | None":
        """The turn before it in the same conversation."""
        follows = self.facts.get("follows")
        return Case(self.backend_name, follows) if follows else None

    @property
    def request(self) -> TurnRequest:
        """What was asked, with the counters that the turns before it left."""
        return _request(self)

    @property
    def invocation(self) -> Invocation:
        """The child that clinvk would start for it."""
        return self.backend.invocation(self.request)

    def talk(self, lines: Sequence[str] | None = None, *, at_once: bool = False) -> Talk:
        """The conversation about the recorded lines, or about others, up to the child's end."""
        talk = Talk(self.backend.parser(self.request), self.answers, at_once=at_once)
        for line in self.lines if lines is None else lines:
            talk.feed(line)
        return talk

    def play(self, lines: Sequence[str], *end: Any) -> list[Event]:
        """The events of these lines in place of the recorded ones, and of another end."""
        return self.talk(lines).finish(*end)


# Each case is read once, and not again for each test of it: that took a quarter of all the tests.


@cache
def _facts(case: Case) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((case.folder / "case.json").read_text("utf-8"))
    return facts


@cache
def _lines(case: Case) -> tuple[str, ...]:
    framer = LineFramer()
    return (*framer.feed(case.stdout), *framer.close())


@cache
def _request(case: Case) -> TurnRequest:
    asked = {key: value for key, value in case.facts["request"].items() if value is not None}
    assert asked.keys() <= _REQUEST_FIELDS | {"resume"}
    if "access" in asked:
        asked["access"] = Access(asked["access"])
    asked["backend_args"] = tuple(asked.get("backend_args", ()))
    return TurnRequest(cwd=Path("/project"), **with_mode(asked), **_counters(case))


def _counters(case: Case) -> dict[str, Any]:
    before, latest = case.before, True
    while before is not None:
        if (counters := replay(before)[-1].counters) is not None:
            return {"counters": counters, "baseline_known": latest}
        before, latest = before.before, False
    return {"baseline_known": latest}


def with_mode(asked: dict[str, Any]) -> dict[str, Any]:
    """The fields of a recorded request, which says whether it resumes, as those of a request."""
    told = {name: value for name, value in asked.items() if name != "resume"}
    return told | {"mode": TurnMode.RESUME if asked.get("resume") else TurnMode.START}


def cases(backend_name: str) -> list[Case]:
    """Every recorded case of a backend; a folder that is missing has none."""
    folder = STREAMS / backend_name
    return [Case(backend_name, each.name) for each in sorted(folder.glob("*")) if each.is_dir()]


def all_cases() -> list[Case]:
    """Every recorded case of every backend that the registry knows."""
    return [case for name in backends.built_in() for case in cases(name)]


def play(request: TurnRequest, backend: Backend, lines: Iterable[str], *end: Any) -> list[Event]:
    """The events of these lines and of the child's end, as a service would collect them."""
    talk = Talk(backend.parser(request))
    for line in lines:
        talk.feed(line)
    return talk.finish(*end)


def replay(case: Case, lines: Sequence[str] | None = None) -> list[Any]:
    """The events of the case, or of other lines in its place.

    Where the agent's own file of the conversation is kept beside the case, the turn's figures are
    looked up in it as a service does.
    """
    ending = (case.facts["exit_code"], case.stderr)
    lines = case.lines if lines is None else lines
    events = case.play(lines, *ending)
    end = events[-1]
    if isinstance(end, Result) and case.kept and not end.usage.known and not end.failure:
        return [*events[:-1], case.backend.with_figures(end, case.request, reversed(case.kept))]
    return events


def to_json(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The events in the form of the golden files."""
    listed = [{"event": event.type, **_without_unsaid(to_builtins(event))} for event in events]
    plain: list[dict[str, Any]] = json.loads(json.dumps(listed, default=str))
    return plain


_SELDOM = {
    **dict.fromkeys(("continues", "structured", "retry_at", "wait", "exit_code", "duration_s")),
    "unrecorded": False,
    "files": (),
    "warnings": (),
}
"""What few events have, and what it is in all others."""


def _without_unsaid(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields without those that few events have, where they say nothing."""
    kept = {key: value for key, value in fields.items() if value is not _SELDOM.get(key, fields)}
    if isinstance(kept.get("failure"), dict):
        kept["failure"] = _without_unsaid(kept["failure"])
    return kept
