"""Codex, run headless: `codex exec --json`. Seen in 0.169.0 against a mock model server."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clinvk.backends._base import Backend, Capability, ConversationFiles, Parser, SignIn
from clinvk.backends._counters import usage_since
from clinvk.backends._failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    failure_of_end,
)
from clinvk.backends._ids import conversation_id
from clinvk.backends._jsonl import count, mapping, one_line, parse_object, text
from clinvk.backends._thread_items import CALLS, ITEMS, call_result, file_changes, item_kind
from clinvk.backends._tools import shell_command, summary_of
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.events import (
    Event,
    Failed,
    Init,
    Json,
    Message,
    Raw,
    Result,
    StopReason,
    Thinking,
    ToolUse,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

if TYPE_CHECKING:
    from clinvk.backends._rollout import Rollouts

Line = Mapping[str, Json]

_HEADLESS = ("codex", "exec", "--json", "--skip-git-repo-check")

_SANDBOX = {
    Access.READ_ONLY: "read-only",
    Access.EDIT: "workspace-write",
    Access.FULL: "danger-full-access",
}

_NESTING = (
    "CODEX_APPLY_PATCH_PRESERVE_LINE_ENDINGS",
    "CODEX_CI",
    "CODEX_MANAGED_BY_BUN",
    "CODEX_MANAGED_BY_NPM",
    "CODEX_MANAGED_PACKAGE_ROOT",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "CODEX_SESSION_ID",
    "CODEX_THREAD_ID",
    "CODEX_TOOL_CALL_ID",
    "CODEX_VERSION",
)
"""What it sets for its own children: a run that clinvk starts from there is none of them."""

_SYSTEM_PROMPT_LIMIT = 100_000
"""Bytes; it can only stand in argv, and Linux refuses an argument of 128 KiB."""

_WORDS: Words = (
    (r"no rollout found|thread not found", FailureCode.CONVERSATION_GONE),
    (r"has an active writer", FailureCode.CONVERSATION_BUSY),
    (r"missing environment variable|refresh token|please (log|sign) in", FailureCode.AUTH),
    (r"high demand", FailureCode.SERVER_ERROR),
    (r"error loading config", FailureCode.OPTION_REFUSED),
    (r"no prompt provided", FailureCode.PROMPT_REFUSED),
)
_STATUS = re.compile(r"(?:unexpected|last) status:? (\d{3})")
_NOISE = r"^WARNING: |^\S+ +(ERROR|WARN|INFO) |^Reading prompt from stdin"

_FIGURES = {
    "input_tokens": "input_tokens",
    "cached_tokens": "cached_input_tokens",
    "cache_write_tokens": "cache_write_input_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
}


class Agent(Backend):
    """Codex's CLI: it names the conversation itself, and says each message whole."""

    title = "Codex"
    executable = "codex"
    install_hint = "npm install -g @openai/codex"
    preference = 20
    tested_versions = ("0.169.0",)
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.NEW_SYSTEM_PROMPT: "it keeps the system prompt that the conversation began with",
        Capability.MAX_TURNS: "it has no limit on the number of turns",
        Capability.OWN_ID: "it chooses the conversation's id itself",
        Capability.PARTIAL_MESSAGES: "it says each message when it is complete",
        Capability.COST: "it reports tokens and no cost",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One headless turn, the prompt on stdin.

        It never asks for approval: what the sandbox does not allow fails. The sandbox is given at
        each turn, because a resumed thread falls back to the configured one; like every option
        here it must stand before `resume`.
        """
        argv = [*_HEADLESS]
        if request.access is not None:
            argv.append(f"--sandbox={_SANDBOX[request.access]}")
        if request.model is not None:
            argv.append(f"--model={request.model}")
        if request.system_prompt is not None:
            argv.append(f"--config=developer_instructions={_toml_string(request.system_prompt)}")
        if request.ephemeral:
            argv.append("--ephemeral")
        argv += request.backend_args
        if request.resume:
            argv += ["resume", conversation_id(request)]
        return Invocation(
            argv=(*argv, "-"),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env_unset=_NESTING,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own screen.

        It asks the person for what the sandbox does not allow, but never in a read-only session.
        """
        headless = self.invocation(replace(request, prompt="", ephemeral=False))
        # Else the server that it leaves running keeps the thread from headless turns (0.169.0).
        argv = [self.executable, "--config=features.daemon_auto_start=false"]
        if request.access is Access.READ_ONLY:
            argv.append("--ask-for-approval=never")
        return replace(headless, argv=(*argv, *headless.argv[len(_HEADLESS) :][:-1]))

    def native(self) -> "Rollouts":
        """Its rollouts, whose totals are those of headless runs."""
        from clinvk.backends._rollout import Rollouts

        return Rollouts(_FIGURES)

    def parser(self, request: TurnRequest) -> "CodexParser":
        """A parser that takes the difference of the thread's running totals."""
        return CodexParser(request)

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for a system prompt that argv cannot hold."""
        super().refuse_unsupported(request)
        size = len(_toml_string(request.system_prompt or "").encode("utf-8", errors="replace"))
        if size > _SYSTEM_PROMPT_LIMIT:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot take a system prompt of {size:,} bytes",
                hint=f"at most {_SYSTEM_PROMPT_LIMIT:,}; say the rest in the prompt",
            )

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """One rollout, in a folder for the day it began."""
        root = _root(user_home, environ)
        return ConversationFiles(root / "sessions", f"*/*/*/rollout-*-{escape(conversation)}.jsonl")

    def all_conversations(self, user_home: Path, environ: Mapping[str, str]) -> ConversationFiles:
        """Every rollout."""
        return ConversationFiles(_root(user_home, environ) / "sessions", "*/*/*/rollout-*.jsonl")

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """One index of the threads that have a name; only its own screen gives them one."""
        del conversation
        return ConversationFiles(_root(user_home, environ), "session_index.jsonl")

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or what its own log-in leaves in a file."""
        file = _root(user_home, environ) / "auth.json"
        return SignIn(variables=("CODEX_API_KEY",), files=(file,))

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The agent's own screen."""
        return (self.executable, "resume", conversation)


class CodexParser(Parser):
    """Reads `thread.*`, `turn.*`, `item.*` and `error` lines; the end of the turn is the result."""

    def __init__(self, request: TurnRequest) -> None:
        self._baseline = _baseline(request)
        self._model = request.model
        self._init: Init | None = None
        self._answer = ""
        self._started: set[str] = set()
        self._trouble: Failure | None = None
        self._over = False
        self._readers: Mapping[str, Callable[[Line], list[Event] | None]] = {
            "thread.started": self._begin,
            "turn.started": lambda _: [],
            "item.started": self._item_started,
            "item.updated": lambda said: [] if item_kind(said) in ITEMS else None,
            "item.completed": self._item_completed,
            "turn.completed": self._completed,
            "turn.failed": self._failed,
            "error": self._error,
        }

    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; after the turn's end everything is `Raw`."""
        if not line.strip():
            return []
        said = parse_object(line)
        reader = None if said is None else self._readers.get(text(said.get("type")))
        events = reader(said) if said is not None and reader and not self._over else None
        return [Raw(line=line)] if events is None else events

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure of a turn that the agent did not end itself."""
        if self._over:
            return []
        why = failure_of_end(exit_code, stderr_tail, _WORDS, _NOISE)
        return [self._result(StopReason.ERROR, self._trouble or why)]

    def _begin(self, said: Line) -> list[Event] | None:
        thread = text(said.get("thread_id"))
        if not thread or self._init is not None:
            return [] if thread else None
        self._init = Init(backend_session_id=thread, model=self._model)
        return [self._init]

    def _item_started(self, said: Line) -> list[Event] | None:
        kind, item = item_kind(said), mapping(said.get("item"))
        if kind not in ITEMS:
            return None
        return self._use(item) if kind in CALLS else []

    def _item_completed(self, said: Line) -> list[Event] | None:
        kind, item = item_kind(said), mapping(said.get("item"))
        if kind not in ITEMS:
            return None
        if kind in CALLS:
            before = [] if text(item.get("id")) in self._started else self._use(item)
            return [*before, *call_result(item)]
        return file_changes(item) if kind == "file_change" else self._saying(kind, item)

    def _saying(self, kind: str, item: Line) -> list[Event]:
        said = text(item.get("text")) or text(item.get("message"))
        if not said:
            return []
        if kind == "agent_message":
            self._answer = said
            return [Message(text=said)]
        if kind == "reasoning":
            return [Thinking(text=said)]
        return [Warned(message=said)] if kind == "error" else []

    def _use(self, item: Line) -> list[Event]:
        self._started.add(text(item.get("id")))
        tool = "/".join(filter(None, (text(item.get("server")), text(item.get("tool")))))
        arguments = mapping(item.get("arguments"))
        given = arguments or {key: item[key] for key in ("command", "query") if key in item}
        call = ToolUse(
            id=text(item.get("id")),
            name=tool or text(item.get("type")),
            summary=one_line(shell_command(text(item.get("command")))) or summary_of(given),
            input=given,
        )
        return [call]

    def _completed(self, said: Line) -> list[Event]:
        self._over = True
        counters = {
            name: figure
            for name in _FIGURES.values()
            if (figure := count(mapping(said.get("usage")).get(name))) is not None
        }
        usage = usage_since(counters, self._baseline, _FIGURES)
        result = self._result(StopReason.END_TURN, None, usage=usage, counters=counters or None)
        return [result]

    def _failed(self, said: Line) -> list[Event]:
        self._over = True
        words = text(mapping(said.get("error")).get("message"))
        why = _failure(words) if words or self._trouble is None else self._trouble
        told: list[Event] = [] if why == self._trouble else [Failed(failure=why)]
        return [*told, self._result(StopReason.ERROR, why)]

    def _error(self, said: Line) -> list[Event]:
        words = text(said.get("message"))
        if words.startswith("Reconnecting..."):
            return [Warned(message=one_line(words), code="retry")]
        self._trouble = _failure(words)
        return [Failed(failure=self._trouble)]

    def _result(
        self,
        stop_reason: StopReason,
        why: Failure | None,
        usage: Usage = UNKNOWN_USAGE,
        counters: Line | None = None,
    ) -> Result:
        return Result(
            text=self._answer,
            stop_reason=stop_reason,
            usage=usage,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._model,
            counters=counters,
        )


def _failure(words: str) -> Failure:
    """From the agent's words, which may be the service's own JSON as it came."""
    body = parse_object(words)
    message = text(mapping(mapping(body).get("error")).get("message")) or words
    status = _STATUS.search(words[:10_000])
    code = code_of_status(int(status[1]) if status else None) or code_of_words(words, _WORDS)
    said = message or "the agent failed and did not say why"
    return failure(code or FailureCode.AGENT_FAILED, said)


def _baseline(request: TurnRequest) -> Line | None:
    """The thread's totals before this turn: nothing at its start, None where they are not known.

    A turn that was killed or failed is in the thread's totals without having reported them.
    """
    if not request.resume:
        return dict.fromkeys(_FIGURES.values(), 0)
    return request.counters if request.baseline_known else None


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("CODEX_HOME")
    return Path(home) if home else user_home / ".codex"


def _toml_string(value: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but DEL must be escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
