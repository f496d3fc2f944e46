"""The demo agent that comes with clinvk: no model, no network, nothing to install.

Its program is `clinvk.agents.demo.program`, whose docstring describes its options and its output.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser, SignIn
from clinvk.agents.kit.jsonl import count, items, mapping, parse_object
from clinvk.agents.kit.native import Native, from_epoch
from clinvk.agents.kit.recovery import recovering
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    Message,
    Raw,
    Result,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.native import NativeTurn
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.text.bounded import BoundedText

_STOP_REASONS = {
    FailureCode.TURN_LIMIT: StopReason.MAX_TURNS,
    FailureCode.KILLED: StopReason.CANCELLED,
}


class Agent(Backend):
    """Answers with the prompt that it received; it is only used if it is named."""

    title = "Demo"
    executable = "clinvk-demo-agent"
    install_hint = "it comes with clinvk"
    preference = None
    tested_versions = ("1",)
    conversation_ids = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
    access_options = (
        AccessOption(("--access",), values={access.value: access for access in Access}),
    )
    variables = ("CLINVK_DEMO_DELAY_MS", "CLINVK_DEMO_HOME")
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.ASK: "it does not ask",
        Capability.COST: "it costs nothing, so it reports no cost",
        Capability.FORK: "it has no such option",
        Capability.IMAGES: "it cannot read images",
        Capability.ANSWER_SCHEMA: "it has no such option",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn of the agent's program, with the prompt on stdin."""
        argv = [self.executable]
        if request.conversation is not None:
            argv.append(f"--{'resume' if request.resume else 'session'}={request.conversation}")
        if request.ephemeral:
            argv.append("--no-persistence")
        if request.model is not None:
            argv.append(f"--model={request.model}")
        if request.access is not None:
            argv.append(f"--access={request.access.value}")
        if request.max_turns is not None:
            argv.append(f"--max-turns={request.max_turns}")
        files = {}
        if request.system_prompt is not None:
            argv.append("--system-prompt-file={system_prompt}")
            files["system_prompt"] = request.system_prompt
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            files=files,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The program's own interactive screen."""
        headless = self.invocation(replace(request, prompt="", max_turns=None))
        program, *options = headless.argv
        return replace(headless, argv=(program, "--interactive", *options))

    def native(self) -> "DemoConversations":
        """The reader of its conversations, one JSON object each."""
        return DemoConversations()

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The conversation's own file."""
        return self.conversation_files(conversation, user_home, environ)

    def parser(self, request: TurnRequest) -> "DemoParser":
        """A parser without any state of the request: the agent's figures are those of the turn."""
        del request
        return DemoParser()

    def locate_program(self, python: str) -> tuple[str, ...]:
        """The interpreter that runs clinvk; `-P` keeps the working directory off its path."""
        return (python, "-P", "-m", "clinvk.agents.demo.program")

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """One JSON file, named after the conversation."""
        if home := environ.get("CLINVK_DEMO_HOME"):
            root = Path(home)
        else:
            data = Path(environ.get("XDG_DATA_HOME", ""))
            root = (data if data.is_absolute() else user_home / ".local/share") / "clinvk-demo"
        return ConversationFiles(root, f"{escape(conversation)}.json")

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """It needs no sign-in."""
        del user_home, environ
        return SignIn(needed=False)


class DemoParser(Parser):
    """Reads the agent's lines; each kind of event has one method."""

    def __init__(self) -> None:
        self._said = BoundedText()
        self._init: Init | None = None
        self._finished = False
        self._readers: Mapping[str, Callable[[Mapping[str, Json]], Iterable[Event]]] = {
            "start": self._start,
            "text": self._text,
            "think": lambda entry: [Thinking(text=str(entry["text"]))],
            "wait": lambda _: [],
            "tool": _tool,
            "tool_result": _tool_result,
            "file": lambda entry: [
                FileChange(path=str(entry["path"]), change=Change(entry["change"]))
            ],
            "warning": _warning,
            "done": self._done,
            "error": self._error,
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; none after the result."""
        if self._finished or not line.strip():
            return ()
        try:
            entry = parse_object(line) or {}
            return self._readers[entry["type"]](entry)
        except (ValueError, LookupError, TypeError, AttributeError):
            return (Raw(line=line),)

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result of a turn that the agent did not end itself."""
        if self._finished:
            return ()
        from clinvk.agents.kit.stderr_errors import error_lines

        if exit_code is None or exit_code < 0:
            code, how = FailureCode.KILLED, "was stopped"
        else:
            code = FailureCode.AGENT_FAILED if exit_code else FailureCode.NO_RESULT
            how = f"exited with {exit_code}"
        errors = error_lines(stderr_tail, r"(?!)") if code is FailureCode.AGENT_FAILED else []
        message = errors[0].text if errors else f"the agent {how} without a result"
        failure = Failure(code=code, message=message, detail=stderr_tail or None)
        return (self._result(self._said.text, UNKNOWN_USAGE, StopReason.ERROR, failure),)

    def _start(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        self._init = Init(backend_session_id=str(entry["session"]), model=str(entry["model"]))
        return (self._init,)

    def _text(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        text = str(entry["text"])
        self._said.add(text)
        return (Message(text=text, delta=True),)

    def _done(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        return (self._result(str(entry["text"]), _usage(entry), StopReason.END_TURN, None),)

    def _error(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        failure = Failure(code=_failure_code(entry["code"]), message=str(entry["message"]))
        stop_reason = _STOP_REASONS.get(failure.code, StopReason.ERROR)
        result = self._result(self._said.text, _usage(entry), stop_reason, failure)
        return Failed(failure=failure), result

    def _result(
        self, text: str, usage: Usage, stop_reason: StopReason, failure: Failure | None
    ) -> Result:
        self._finished = True
        return Result(
            text=text,
            stop_reason=stop_reason,
            usage=usage,
            failure=failure,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else None,
        )


def _tool(entry: Mapping[str, Json]) -> Iterable[Event]:
    return (
        ToolUse(
            id=str(entry["id"]),
            name=str(entry["name"]),
            summary=str(entry["summary"]),
            input=dict(entry.get("input", {})),
        ),
    )


def _tool_result(entry: Mapping[str, Json]) -> Iterable[Event]:
    return (
        ToolResult(id=str(entry["id"]), ok=entry["ok"] is True, text=str(entry.get("text", ""))),
    )


def _warning(entry: Mapping[str, Json]) -> Iterable[Event]:
    denied = entry.get("code") == "denied"
    return (Warned(message=str(entry["message"]), code="denied" if denied else "agent"),)


def _failure_code(code: Json) -> FailureCode:
    if code == "cancelled":  # on SIGINT or SIGTERM; the caller knows whether it sent the signal
        return FailureCode.KILLED
    try:
        return FailureCode(code)
    except ValueError:
        return FailureCode.AGENT_FAILED


def _usage(entry: Mapping[str, Json]) -> Usage:
    """The figures that are present and valid."""
    used = mapping(entry.get("usage"))
    names = ("input", "cached", "output", "reasoning")
    return Usage(**{f"{name}_tokens": count(used.get(name)) for name in names})


class DemoConversations(Native):
    """Reads the agent's file of a conversation: one line with one object."""

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns; their id is their position in the conversation."""
        kept = parse_object("".join(lines)) or {}
        return tuple(
            _native_turn(number, entry, kept.get("model"))
            for number, entry in enumerate(items(kept.get("turns")))
            if isinstance(entry, dict)
        )

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title that `/title` set."""
        del conversation
        title = mapping(parse_object("".join(lines))).get("title")
        return title if isinstance(title, str) else None


def _native_turn(number: int, entry: Mapping[str, Json], model: Json) -> NativeTurn:
    ended_at = _parse_time(entry.get("ended"))
    return NativeTurn(
        id=str(number),
        prompt=str(entry.get("prompt")),
        text=str(entry.get("answer") or ""),
        started_at=_parse_time(entry.get("started")),
        ended_at=ended_at,
        interrupted=ended_at is None,
        model=model if isinstance(model, str) else None,
        usage=_usage(entry),
    )


def _parse_time(value: Json) -> datetime | None:
    return from_epoch(value if isinstance(value, float) else None)
