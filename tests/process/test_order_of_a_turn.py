"""The order in which a prompt travels, seen by the agent that gets it: see `waiting_agent.py`."""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.agents.base import Backend, Parser, Reply
from clinvk.errors import ExitStatus, StoreError
from clinvk.model.events import Event, Message, Result
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import StopReason
from clinvk.model.report import RunReport, TurnStart
from clinvk.model.request import Invocation, RunRequest, TurnRequest
from clinvk.services.agents.catalog import Catalog
from clinvk.services.config.settings import effective_settings
from clinvk.services.turns.run import run
from clinvk.services.world import World
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore

AGENT = Path(__file__).with_name("waiting_agent.py")


class WaitingParser(Parser):
    """Takes each line for the answer, unless it is a question."""

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The answer, or the reply to a question."""
        if line == "may I?":
            return [Message(text="asked"), Reply(b"you may\n")]
        return [Result(text=line, stop_reason=StopReason.END_TURN)]

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure of a turn without an answer."""
        message = f"exit code {exit_code}: {stderr_tail}"
        failure = Failure(code=FailureCode.AGENT_FAILED, message=message)
        return [Result(text="", stop_reason=StopReason.ERROR, failure=failure)]


class Waiting(Backend):
    """The agent, whose prompt comes on stdin or stands in its argv."""

    name = "demo"
    title = "Waiting"
    executable = sys.executable
    install_hint = "none"

    def __init__(self, marks: Path, home: Home) -> None:
        self.marks = marks
        self.home = home
        self.behaviour = "answers"
        self.in_argv = False

    def invocation(self, request: TurnRequest) -> Invocation:
        """It is told where to look."""
        program = (self.executable, "-I", "-S", str(AGENT), str(self.marks))
        argv = (*program, str(self.home.transcripts), self.behaviour)
        if self.in_argv:
            return Invocation(argv=(*argv, request.prompt), stdin=b"", cwd=request.cwd)
        stdin = f"{request.prompt}\n".encode()
        return Invocation(
            argv=argv, stdin=stdin, cwd=request.cwd, dialogue=self.behaviour == "asks"
        )

    def locate_program(self, python: str) -> tuple[str, ...]:
        """Python itself."""
        return (python,)

    def parser(self, request: TurnRequest) -> Parser:
        """Of any request."""
        del request
        return WaitingParser()


@dataclass
class Seen:
    """An observer that can do something when the turn begins."""

    on_start: Callable[[], None] = lambda: None
    turns: list[TurnStart] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def started(self, turn: TurnStart) -> None:
        """The turn begins."""
        self.turns.append(turn)
        self.on_start()

    def event(self, event: Event) -> None:
        """Something was said."""
        self.events.append(event)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A home of its own in which there is one agent."""
    world = World(
        home=Home(tmp_path / "home"),
        environ=dict(os.environ),
        cwd=tmp_path,
        user_home=tmp_path,
        python=sys.executable,
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        new_id=lambda: os.urandom(6).hex(),
        new_uuid=lambda: "00000000-0000-4000-8000-000000000000",
        pid=os.getpid(),
        hostname="here",
    )
    agent = Waiting(tmp_path, world.home)
    monkeypatch.setattr(Catalog, "get", lambda *_: agent)
    return world


@pytest.fixture
def agent(world: World) -> Waiting:
    """The agent of that home."""
    found = world.agents.get("demo")
    assert isinstance(found, Waiting)
    return found


@pytest.fixture
def say(world: World) -> Callable[..., RunReport]:
    """Run one turn."""

    def one(seen: Seen | None = None, **asked: object) -> RunReport:
        request = replace(RunRequest(prompt="hello", backend="demo"), **asked)
        return run(request, world, effective_settings(world), seen or Seen())

    return one


@pytest.fixture
def disk_full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have the next sync to the disk fail, once."""
    sync = os.fsync

    def fail(_: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr(os, "fsync", fail)


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert path.exists()


def test_the_agent_is_started_first_and_gets_its_prompt_when_the_turn_is_on_disk(
    agent: Waiting, say: Callable[..., RunReport]
) -> None:
    """While "turn started" is written it is up already, and it has nothing to work on."""
    without_prompt = []

    def look() -> None:
        _wait_for(agent.marks / "up")
        without_prompt.append(not (agent.marks / "prompt").exists())

    report = say(Seen(on_start=look))
    assert without_prompt == [True]
    assert report.outcome.text == "hello turn_started"
    assert report.exit_status is ExitStatus.OK


def test_a_prompt_in_argv_is_on_disk_before_the_agent_starts(
    agent: Waiting, say: Callable[..., RunReport]
) -> None:
    """It may begin to work at once."""
    agent.in_argv = True
    say()
    assert (agent.marks / "up").read_text() == "turn_started"


def test_a_parser_may_answer_what_the_agent_asks(
    agent: Waiting, say: Callable[..., RunReport]
) -> None:
    """What it replies is written to the agent, and is no event."""
    agent.behaviour = "asks"
    seen = Seen()
    report = say(seen)
    assert report.outcome.text == "you may turn_started"
    assert seen.events == [Message(text="asked")]


def test_a_session_that_cannot_be_written_is_an_error_and_the_agent_gets_no_prompt(
    agent: Waiting, world: World, say: Callable[..., RunReport], disk_full: Callable[[], None]
) -> None:
    """The agent that was started for it is ended, and the session is as it was."""
    session = say().session_id
    (agent.marks / "prompt").unlink()
    store = SessionStore(world.home)
    before = store.load(session)
    disk_full()
    seen = Seen()
    with pytest.raises(StoreError, match=r"cannot write .* no space left"):
        say(seen, session=session)
    assert seen.turns == []
    assert not (agent.marks / "prompt").exists()
    assert store.load(session) == before
    assert say(session=session).turn == 2


def test_a_new_session_that_cannot_be_written_is_answered_unrecorded(
    agent: Waiting, world: World, say: Callable[..., RunReport]
) -> None:
    """The same child gets the prompt, with the warning before anything else."""
    world.home.transcripts.parent.mkdir(parents=True)
    world.home.transcripts.write_text("")
    seen = Seen()
    report = say(seen)
    assert (agent.marks / "prompt").read_text() == "hello\n"
    assert (report.session_id, report.outcome.text) == (None, "hello")
    assert seen.turns[0].session_id is None
    assert report.outcome.warnings[0].startswith("this run is not recorded: cannot ")
    assert list(world.home.sessions.glob("*")) == []


def test_a_name_that_cannot_be_written_is_an_error(
    agent: Waiting, world: World, say: Callable[..., RunReport], disk_full: Callable[[], None]
) -> None:
    """Answered without a record it would be a new session each time."""
    disk_full()
    with pytest.raises(StoreError, match="session `mine` cannot be saved: cannot "):
        say(name="mine")
    assert SessionStore(world.home).ids() == []
    assert not (agent.marks / "prompt").exists()


def test_an_ephemeral_turn_has_the_same_order_and_writes_nothing(
    agent: Waiting, world: World, say: Callable[..., RunReport]
) -> None:
    """Nothing is on disk when the prompt is sent, nor afterwards."""
    report = say(ephemeral=True)
    assert (report.session_id, report.outcome.text) == (None, "hello")
    assert (agent.marks / "prompt").exists()
    assert not world.home.transcripts.exists()


def test_ctrl_c_before_the_prompt_is_a_cancelled_turn(
    agent: Waiting, world: World, say: Callable[..., RunReport]
) -> None:
    """It is recorded as one, and the agent never had the prompt."""
    report = say(Seen(on_start=lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert report.exit_status is ExitStatus.INTERRUPTED
    assert not (agent.marks / "prompt").exists()
    [turn] = SessionStore(world.home).transcript(report.session_id).turns
    assert turn.outcome.stop_reason == StopReason.CANCELLED


def test_an_observer_that_fails_before_the_prompt_leaves_a_closed_turn(
    agent: Waiting, world: World, say: Callable[..., RunReport]
) -> None:
    """As when whoever reads the output has left: the agent is ended and the turn cancelled."""

    def leave() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        say(Seen(on_start=leave))
    assert not (agent.marks / "prompt").exists()
    [session] = SessionStore(world.home).ids()
    [turn] = SessionStore(world.home).transcript(session).turns
    assert turn.outcome.stop_reason == StopReason.CANCELLED


def test_an_agent_that_leaves_before_its_prompt_fails_as_any_other(
    agent: Waiting, world: World, say: Callable[..., RunReport]
) -> None:
    """Its own words, and a turn in the record."""
    agent.behaviour = "leaves"
    report = say(Seen(on_start=lambda: _wait_for(agent.marks / "up")))
    assert report.error.message == "exit code 7: no more of this"
    [turn] = SessionStore(world.home).transcript(report.session_id).turns
    assert (turn.prompt, turn.outcome.failure.code) == ("hello", FailureCode.AGENT_FAILED)


def test_an_agent_that_cannot_be_started_is_a_failed_turn(
    world: World, say: Callable[..., RunReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded with the prompt, as a turn that was begun."""
    nothing = world.cwd / "no-program"
    nothing.write_text("#!/no/such/interpreter\n")
    nothing.chmod(0o700)
    monkeypatch.setattr(Waiting, "locate_program", lambda *_: (str(nothing),))
    seen = Seen()
    report = say(seen)
    assert report.error.code == FailureCode.NOT_STARTED.value
    assert len(seen.turns) == 1
    [turn] = SessionStore(world.home).transcript(report.session_id).turns
    assert (turn.prompt, turn.outcome.failure.code) == ("hello", FailureCode.NOT_STARTED)
