"""opencode, run headless: `opencode run --format json`; tested with 1.18.33 and a mock model."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationRows, Parser, SignIn
from clinvk.agents.kit.argv import refuse_effort, refuse_ignored_options
from clinvk.agents.kit.jsonl import count, mapping
from clinvk.agents.opencode.permission_rules import AGENTS
from clinvk.agents.opencode.run_config import CONFIG, OWN_VARIABLES, run_config
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.request import Invocation, TurnRequest

if TYPE_CHECKING:
    from clinvk.agents.opencode.message_rows import MessageRows

# Its log has the name of the model, and the cause of an "unexpected server error".
_HEADLESS = ("opencode", "run", "--format=json", "--thinking", "--print-logs", "--log-level=INFO")

_DATABASE, _IN_MEMORY = "OPENCODE_DB", ":memory:"

_NO_PROJECT = "OPENCODE_DISABLE_PROJECT_CONFIG"
"""Ignores the repository's servers, language servers, formatters, tools and AGENTS.md.

Plug-ins still run: 1.18.33 has two loaders, and one of them ignores both this and `--pure`.
"""

_PLUGINS = r'plugin|\{(env|file):[^}]*\}[^"]*"\s*[:/]'
"""Plug-ins, or a key that it creates from a variable or a file before it parses the JSON."""

_UNTITLED = "New session - "
"""The prefix of the default title; a time follows."""

_CHILD_VARIABLES = (
    "AGENT",
    "OPENCODE",
    "OPENCODE_LOG_LEVEL",
    "OPENCODE_PID",
    "OPENCODE_PRINT_LOGS",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""

_WORDS = (
    (
        r"(?m)^(error: )?(\w[\w. ]{0,80}error: )?session not found\b",
        FailureCode.CONVERSATION_GONE,
    ),
)
_NOISE = r"^timestamp=|permission requested"


class Agent(Backend):
    """opencode's CLI: it chooses the conversation's id, and prints only complete messages."""

    title = "opencode"
    finds_conversation = "nowhere else"
    executable = "opencode"
    install_hint = "npm install -g opencode-ai"
    signs_in = "run `opencode auth login`"
    preference = 40
    tested_versions = ("1.18.33",)
    oldest_version = "1.18.3"  # 1.17.0 has no `--auto`
    tools = (
        "apply_patch bash edit glob grep list multiedit patch read skill task todowrite "
        "webfetch write"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.MAX_TURNS: "it has no limit on the number of turns",
        Capability.OWN_ID: "it chooses the conversation's id itself",
        Capability.PARTIAL_MESSAGES: "it prints only whole messages, except where it asks",
        Capability.ANSWER_SCHEMA: "it has no such option",
        Capability.BUDGET: "it has no such option",
    }
    when_asking = frozenset({Capability.PARTIAL_MESSAGES})
    conversation_ids = re.compile(r"ses_[0-9A-Za-z]{1,100}")
    access_options = (
        AccessOption(("--auto", "--dangerously-skip-permissions"), takes_value=False),
        AccessOption(("--agent", "--attach")),
        AccessOption(("--command",), Access.EDIT),
    )
    reads_variables = OWN_VARIABLES
    project_files = (
        *(
            ProjectFile(f".opencode/{folder}/*.{ending}", always=folder.startswith("plugin"))
            for folder in ("plugin", "plugins", "tool", "tools")
            for ending in ("js", "ts")
        ),
        *(
            ProjectFile(f"{folder}opencode.{ending}", says, always=always)
            for folder in ("", ".opencode/")
            for ending in ("json", "jsonc")
            for says, always in ((_PLUGINS, True), ("mcp|lsp|formatter|command", False))
        ),
    )
    ways: ClassVar[Mapping[Capability, str]] = {
        Capability.FORK: "--fork",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn, with the prompt on stdin; what has no option is in its config."""
        if request.access is Access.ASK:
            from clinvk.agents.kit.acp.client import opening

            live = self._invocation(request, ["opencode", "acp", f"--cwd={request.cwd}"])
            return replace(live, stdin=opening(), dialogue=True)
        # It prefers `PWD` to its actual directory, and this option to both.
        pictures = [f"--file={one.path}" for one in request.images]
        return self._invocation(
            request, [*_HEADLESS, f"--dir={request.cwd}", *_turn_options(request), *pictures]
        )

    @staticmethod
    def _invocation(request: TurnRequest, argv: list[str]) -> Invocation:
        env = {_DATABASE: _IN_MEMORY} if request.ephemeral else {}
        if request.access is Access.READ_ONLY:
            env[_NO_PROJECT] = "1"
        if request.access is Access.ASK:
            env["PWD"] = str(request.cwd)
        if config := run_config(request):
            env[CONFIG] = json.dumps(config)
        prompt = request.system_prompt
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env=env,
            env_unset=_CHILD_VARIABLES,
            files={} if prompt is None else {"system_prompt": prompt},
        )

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for another directory.

        If a session is resumed there, 1.18.33 silently answers in the old directory and never ends,
        even with `--dir` and with `PWD` set to the new one.
        """
        super().refuse_unsupported(request)
        if request.access is Access.ASK:
            refuse_ignored_options(self.name, request, ("--fork", "--file", "-f"))
        if request.elsewhere:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot continue a session in another directory",
                hint="leave `-w` out, or start a new session there",
            )

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The person's own settings: what they forbid stays forbidden."""
        if access in (None, Access.FULL):
            return {}  # then its own agents are used, whose rules the person's override
        config = environ.get("XDG_CONFIG_HOME")
        root = Path(config) if config else user_home / ".config"
        folders = [root / "opencode", user_home / ".opencode"]
        if own := environ.get("OPENCODE_CONFIG_DIR"):
            folders.append(Path(own))
        names = ("config.json", "opencode.json", "opencode.jsonc")
        files = [folder / name for folder in folders for name in names]
        if own := environ.get("OPENCODE_CONFIG"):
            files.append(Path(own))
        return {str(file): file for file in files}

    def parser(self, request: TurnRequest) -> Parser:
        """A parser that adds up the figures of the steps."""
        if request.access is Access.ASK:
            from clinvk.agents.opencode.live import LiveParser

            return LiveParser(request, _WORDS, _NOISE)
        from clinvk.agents.opencode.steps import StepParser

        return StepParser(request, _WORDS, _NOISE)

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it has its default permissions."""
        refuse_effort(self.name, request)
        return replace(
            self._invocation(request, [self.executable, *_turn_options(request)]), stdin=b""
        )

    def native(self) -> "MessageRows":
        """The reader of its database's messages."""
        from clinvk.agents.opencode.message_rows import MessageRows

        return MessageRows(_UNTITLED)

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationRows | None:
        """The query for a session and its messages."""
        from clinvk.agents.opencode.message_rows import CONTENT, CONVERSATION

        rows = _rows(CONVERSATION, user_home, environ, {"id": conversation})
        return rows and replace(rows, content=CONTENT)

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result of a turn that asks, with the figures of its steps."""
        prompts = count(mapping(result.counters).get("prompts"))
        if request.access is not Access.ASK or not prompts:
            return result
        usage, cost_usd = self.native().used_by_last(prompts, reversed(list(lines)))
        return replace(result, usage=usage, cost_usd=cost_usd, counters=None)

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationRows | None:
        """The query for a session's title."""
        from clinvk.agents.opencode.message_rows import TITLE

        return _rows(TITLE, user_home, environ, {"id": conversation})

    def all_conversations(
        self, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationRows | None:
        """The query for all sessions that may be new."""
        from clinvk.agents.opencode.message_rows import NEWEST

        return _rows(NEWEST, user_home, environ, {})

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """The file that its login writes, or the key of a provider; it accepts many more keys."""
        keys = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENCODE_API_KEY", "OPENROUTER_API_KEY")
        return SignIn(variables=keys, files=(_data(user_home, environ) / "auth.json",))

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen; it has to run in the conversation's directory."""
        return (self.executable, f"--session={conversation}")


def _turn_options(request: TurnRequest) -> list[str]:
    """The options for the conversation, the model and the access."""
    options = [f"--session={_conversation(request)}"] if request.resume else []
    if request.model is not None:
        options.append(f"--model={request.model}")
    if request.access is Access.FULL:
        options.append("--auto")
    elif request.access is not None:
        options.append(f"--agent={AGENTS[request.access][0]}")
    if request.effort is not None:
        options.append(f"--variant={request.effort.value}")
    return options


def _rows(
    query: str, user_home: Path, environ: Mapping[str, str], values: Mapping[str, str]
) -> ConversationRows | None:
    """A query on its database; None if the person's settings keep it in memory only."""
    named = environ.get(_DATABASE) or "opencode.db"
    if named == _IN_MEMORY:
        return None
    return ConversationRows(_data(user_home, environ) / named, query, values)


def _data(user_home: Path, environ: Mapping[str, str]) -> Path:
    data = environ.get("XDG_DATA_HOME")
    return (Path(data) if data else user_home / ".local" / "share") / "opencode"


def _conversation(request: TurnRequest) -> str:
    """The request's conversation id; without one it would start a new conversation."""
    if not request.conversation:
        raise SessionNotFoundError("there is no conversation of this agent to continue")
    return request.conversation
