"""Writing transcripts: checkpoints are on the disk, streams are gathered, nothing kills a turn."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from clinvk.errors import StoreError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport, FileSource
from clinvk.model.outcome import Outcome
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.session import Session
from clinvk.model.usage import Usage
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.lines import LONGEST, event_from_line
from clinvk.store.transcripts.writer import MOST_UNKNOWN, TranscriptWriter

STREAMS_UNTIL_THE_DISK_IS_FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from clinvk.errors import StoreError
from clinvk.model.events import Message
from clinvk.model.outcome import Outcome, StopReason
from clinvk.store.transcripts.writer import TranscriptWriter
now = datetime(2025, 1, 27, 10, tzinfo=UTC)
writer = TranscriptWriter(Path(sys.argv[1]), lambda: now)
writer.turn_started(backend="demo", turn=1, at=now, prompt="p", cwd="/")
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
for _ in range(100):
    writer.event(1, Message(text="x" * 1000))
print(writer.failed)
try:
    writer.turn_finished(1, now, Outcome(stop_reason=StopReason.END_TURN, text="x" * 1000))
except StoreError as error:
    print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if sys.argv[2:]:
    writer.turn_finished(1, now, Outcome(stop_reason=StopReason.END_TURN, text="the answer"))
writer.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the transcript stands."""
    return tmp_path / "0123456789ab.jsonl"


@pytest.fixture
def writer(path: Path, clock: Any) -> Iterator[TranscriptWriter]:
    """A writer on a new transcript."""
    writer = TranscriptWriter(path, clock)
    yield writer
    writer.close()


def lines(path: Path) -> list[dict[str, Any]]:
    """The transcript's lines, as `jq` would read them."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_turn_reads_as_the_contract_says(
    path: Path, writer: TranscriptWriter, clock: Any, new_session: Callable[..., Session]
) -> None:
    """One line a thing that happened, in order, each saying what it is and of which turn."""
    assert writer.empty
    writer.session(new_session(name="pr-842", access=Access.EDIT))
    writer.turn_started(
        backend="demo",
        turn=1, at=clock(), prompt="größer", cwd="/projects", model="m", access=Access.EDIT,
        conversation="c-1", mode=TurnMode.START,
    )  # fmt: skip
    said: tuple[Event, ...] = (
        Init(backend_session_id="c-1", model="m-1"),
        Thinking(text="hm"),
        ToolUse(id="t1", name="Bash", summary="ls", input={"command": "ls"}),
        ToolResult(id="t1", ok=True, text="a.txt"),
        FileChange(path="a.txt", change=Change.CREATED),
        PermissionRequest(
            id="1", tool="Bash", kind=ToolKind.EXECUTE, summary="ls", command="ls", paths=("a",),
            edits=(FileEdit(path="a", new="b"),), diff="+b", reason="why", editable=True,
        ),
        PermissionAnswer(
            id="1", decision=Decision.DENY, by=DecidedBy.RULE, rule="Bash", reason="no",
        ),
        UsageReported(usage=Usage(input_tokens=1)),
        Warned(message="again", code="retry"),
        Failed(failure=Failure(code=FailureCode.OVERLOADED, message="busy")),
        Raw(line="???"),
        Message(text="done"),
        Result(text="done", stop_reason=StopReason.END_TURN),
    )  # fmt: skip
    assert {type(event) for event in said} == set(get_args(Event))
    for event in said:
        writer.event(1, event)
    outcome = Outcome(
        stop_reason=StopReason.END_TURN, text="done",
        usage=Usage(input_tokens=10, output_tokens=2), exit_code=0, duration_s=2.0,
        files=(
            FileReport(path="/code/a.txt", change=Change.CREATED),
            FileReport(path="/code/b.txt", change=Change.DELETED, source=FileSource.OBSERVED),
        ),
    )  # fmt: skip
    writer.turn_finished(1, clock.step(2), outcome)
    written = lines(path)
    events = [event_from_line(line) for line in written[2:-1]]
    assert events == list(said[:-1])
    assert [line["type"] for line in written] == [
        "session", "turn_started", "backend_session", "thinking", "tool_use", "tool_result",
        "file_change", "permission_request", "permission_answer", "usage", "warning", "error",
        "raw", "message", "turn_finished",
    ]  # fmt: skip
    assert {line["turn"] for line in written[1:]} == {1}
    assert (written[0]["id"], written[0]["name"]) == ("0123456789ab", "pr-842")
    assert (written[1]["prompt"], written[1]["access"]) == ("größer", "edit")
    assert written[2]["at"] == "2025-01-27T10:00:00Z"
    assert written[4]["input"] == {"command": "ls"}
    assert written[-1]["usage"]["total_tokens"] == 12
    assert written[-1]["cost_usd"] is None
    assert written[-1]["files"] == [
        {"path": "/code/a.txt", "change": "created", "source": "reported"},
        {"path": "/code/b.txt", "change": "deleted", "source": "observed"},
    ]
    assert writer.failed is None


def test_checkpoints_are_on_the_disk_when_they_return(
    path: Path, writer: TranscriptWriter, clock: Any
) -> None:
    """A turn's start can be read by others before the agent has its prompt, and so can its id."""
    writer.turn_started(backend="demo", turn=1, at=clock(), prompt="p", cwd="/")
    assert lines(path)[-1]["type"] == "turn_started"
    writer.event(1, Init(backend_session_id="c-1"))
    assert lines(path)[-1]["id"] == "c-1"


def test_pieces_of_text_are_gathered_until_something_else_comes(
    path: Path, writer: TranscriptWriter
) -> None:
    """A word a line would be a hundred times the text."""
    for piece in ("Hel", "lo ", "there"):
        writer.event(1, Message(text=piece, delta=True))
    assert lines(path) == []
    writer.event(1, Thinking(text="hm", delta=True))
    writer.flush()
    assert lines(path) == [
        {"type": "message", "turn": 1, "delta": True, "text": "Hello there"},
        {"type": "thinking", "turn": 1, "delta": True, "text": "hm"},
    ]


@pytest.mark.parametrize("seconds", [0.2, 5.0, -60.0], ids=["200 ms", "5 s", "clock set back"])
def test_gathered_text_is_not_held_for_long(
    path: Path, writer: TranscriptWriter, clock: Any, seconds: float
) -> None:
    """After a crash at most a moment of the answer is missing, also if the clock is set back."""
    writer.event(1, Message(text="one ", delta=True))
    clock.step(0.1)
    writer.event(1, Message(text="two ", delta=True))
    assert lines(path) == []
    clock.step(seconds - 0.1)
    writer.event(1, Message(text="three", delta=True))
    assert [line["text"] for line in lines(path)] == ["one two three"]


def test_much_text_is_not_held_at_all(path: Path, writer: TranscriptWriter) -> None:
    """What is gathered stays small."""
    writer.event(1, Message(text="x" * 3000, delta=True))
    assert [len(line["text"]) for line in lines(path)] == [3000]


def test_closing_writes_what_was_gathered(path: Path, writer: TranscriptWriter) -> None:
    """Also when a run breaks off in the middle of a sentence; closing twice is nothing."""
    writer.event(1, Message(text="half a sen", delta=True))
    writer.close()
    writer.close()
    assert lines(path)[0]["text"] == "half a sen"


def test_a_line_that_was_cut_off_is_left_behind(path: Path, clock: Any) -> None:
    """The next line stands on its own after a crash in the middle of one."""
    path.write_bytes(b'{"type":"session","id":"01234567')
    writer = TranscriptWriter(path, clock)
    assert not writer.empty
    writer.turn_started(backend="demo", turn=1, at=clock(), prompt="p", cwd="/")
    writer.close()
    found = transcripts.read(path)
    assert found.damaged_lines == 1
    assert [turn.prompt for turn in found.turns] == ["p"]


def test_a_long_tool_output_is_cut_and_marked(path: Path, writer: TranscriptWriter) -> None:
    """The start is kept, and the original length."""
    writer.event(1, ToolResult(id="t", ok=True, text="x" * 2_000_000))
    writer.event(1, ToolUse(id="u", name="Write", summary="big", input={"text": "x" * 2_000_000}))
    result, use = lines(path)
    assert (len(result["text"]), result["truncated"]) == (LONGEST, 2_000_000)
    assert "input" not in use
    assert use["truncated"] > 2_000_000


def test_a_flood_of_unknown_lines_does_not_fill_the_disk(
    path: Path, writer: TranscriptWriter
) -> None:
    """So much of it is kept, it is told that there was more, and an answer is kept all the same."""
    line = "x" * 100_000
    for _ in range(MOST_UNKNOWN // len(line)):
        writer.event(1, Raw(line=line))
    assert writer.failed is None
    for _ in range(100):
        writer.event(1, Raw(line=line))
    writer.event(1, Message(text="the answer"))
    assert writer.failed == "the agent printed too many unknown lines"
    assert MOST_UNKNOWN * 0.9 < path.stat().st_size < MOST_UNKNOWN * 1.1
    assert lines(path)[-1]["text"] == "the answer"


def test_a_prompt_and_an_answer_are_never_cut(
    path: Path, writer: TranscriptWriter, clock: Any
) -> None:
    """They are what the session is about."""
    writer.turn_started(backend="demo", turn=1, at=clock(), prompt="p" * 3_000_000, cwd="/")
    writer.turn_finished(1, clock(), Outcome(stop_reason=StopReason.END_TURN, text="a" * 3_000_000))
    turn = transcripts.read(path).turns[0]
    assert (len(turn.prompt), len(turn.outcome.text)) == (3_000_000, 3_000_000)


def test_halves_of_characters_are_written_as_valid_text(
    path: Path, writer: TranscriptWriter
) -> None:
    """An agent may cut a character in two, and a path need not be UTF-8."""
    writer.event(1, Message(text="\ud83d", delta=True))
    writer.event(1, FileChange(path="caf\udce9", change=Change.MODIFIED))
    message, change = lines(path)
    assert (message["text"], change["path"]) == ("\ud83d", "caf\udce9")


def test_a_full_disk_does_not_end_the_stream(path: Path) -> None:
    """What streams leaves a note, what must be on the disk is an error, and what was is intact."""
    said = subprocess.run(
        [sys.executable, "-c", STREAMS_UNTIL_THE_DISK_IS_FULL, str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said == [f"cannot write `{path}`: file too large"] * 2
    found = transcripts.read(path)
    assert found.damaged_lines == 0  # what fitted of the line is taken back
    assert found.turns[0].interrupted
    assert len(found.turns[0].messages) == 7


def test_a_disk_that_has_room_again_gets_the_answer(path: Path) -> None:
    """The line that was cut off by a full disk does not spoil the next one."""
    subprocess.run(
        [sys.executable, "-c", STREAMS_UNTIL_THE_DISK_IS_FULL, str(path), "then room"],
        capture_output=True,
        check=True,
    )
    assert transcripts.read(path).turns[0].outcome.text == "the answer"


@pytest.mark.usefixtures("any_umask")
def test_a_transcript_is_private(path: Path, clock: Any) -> None:
    """0600, whatever the umask, and also if it was open before."""
    TranscriptWriter(path, clock).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    TranscriptWriter(path, clock).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/null")],
    ids=["fifo", "folder", "link"],
)
def test_special_files_are_not_written(
    path: Path, clock: Any, make: Callable[[Path], None]
) -> None:
    """No link is followed, and a fifo does not block."""
    make(path)
    with pytest.raises(StoreError, match=f"cannot write `{path}`"):
        TranscriptWriter(path, clock)
    with pytest.raises(StoreError, match=f"cannot read `{path}`"):
        transcripts.read(path)
