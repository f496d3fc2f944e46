"""Grok Build, run headless with a stream of JSON lines; tested with 1.0.41 and a mock model.

With `--access ask` it speaks the Agent Client Protocol: `clinvk.agents.grok.live`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import (
    Backend,
    Capability,
    ConversationFiles,
    Parser,
    Retention,
    SignIn,
)
from clinvk.agents.kit.argv import refuse_ignored_options
from clinvk.agents.kit.ids import UUID, conversation_and_model, conversation_id
from clinvk.agents.kit.jsonl import mapping
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.effort import Effort
from clinvk.model.request import Invocation, TurnRequest

if TYPE_CHECKING:
    from clinvk.agents.grok.updates_log import UpdatesLog

_HEADLESS = (
    "--prompt-file=/dev/stdin",
    "--verbatim",  # else its model gets an excerpt of a prompt of 200 KB, and a file to read
    "--output-format=streaming-messages-json",
    "--include-partial-messages",
)

_READING = "read_file,grep,list_dir,todo_write,web_search,web_fetch"

_NOTHING_ASKED = ("--deny=Bash", "--deny=MCPTool")
"""Headless it cancels the whole turn where it would ask; what is denied is told to its model.

Its own default also runs `touch` and `mkdir` without asking.
"""

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # The other tools do not exist in this run; the rules hold for those that MCP servers bring, and
    # against any rule that allows.
    Access.READ_ONLY: (f"--tools={_READING}", "--deny=Edit", *_NOTHING_ASKED),
    # `acceptEdits` is accepted and does not accept edits.
    Access.EDIT: (
        f"--tools={_READING},search_replace,write",
        "--allow=Edit(./**)",
        *_NOTHING_ASKED,
    ),
    Access.FULL: ("--always-approve",),
}

_UNASKED = ("--deny=Edit", *_NOTHING_ASKED)
"""For no access at all: what its own default would ask about, if the person set nothing else."""

_OWN_RULES = re.compile(r"permission")
"""Settings of the person's own for what it may do."""

_SIDE_REQUESTS_OFF = {"GROK_TURN_SUMMARY": "0"}
"""No request after each turn, for a line in a list that nobody sees; its figures count nowhere."""

_ONLY_TRUSTED = {"GROK_FOLDER_TRUST": "1"}
"""Nothing that a repository names is run, unless the person trusts its folder."""

_CHILD_VARIABLES = ("GROK_AGENT", "GROK_SESSION_ID")
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""

_TRUSTED, _CONFIG = "trusted_folders.toml", "config.toml"

_PROFILE = """\
---
name: clinvk
description: A turn that clinvk runs
{hooks}---
{system_prompt}
"""
"""An agent of its own: the default one with this at the end of its system prompt.

Unlike `--rules`, it also reaches the model in a resumed turn.
"""

_ASK_HOOKS = """\
hooks:
  PreToolUse:
    - matcher: Bash|Edit|Write|monitor|use_tool|.*__.*
      hooks:
        - type: command
          command: "echo '{\\"decision\\": \\"ask\\"}'"
"""
"""Makes it ask for each of these calls, also for one that any rule allows, and for `touch`."""


class Agent(Backend):
    """Grok Build's CLI: clinvk chooses the conversation's id, and answers are streamed."""

    title = "Grok Build"
    finds_conversation = "nowhere else"
    executable = "grok"
    install_hint = "npm install -g @xai-official/grok"
    signs_in = "run `grok login`"
    preference = 80
    tested_versions = ("1.0.41",)
    oldest_version = "1.0.5"  # no older one was tried
    tools = (
        "ask_user_question enter_plan_mode exit_plan_mode get_command_or_subagent_output grep "
        "image_edit image_gen kill_command_or_subagent list_dir monitor read_file "
        "run_terminal_command scheduler_create scheduler_delete scheduler_list search_replace "
        "search_tool spawn_subagent todo_write use_tool web_fetch web_search workflow write"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.NEW_SYSTEM_PROMPT: "it keeps the first system prompt of a conversation",
        Capability.EPHEMERAL: "it keeps every conversation",
        Capability.COST: "it reports a cost only for some accounts, and 0 for the others",
        Capability.IMAGES: "it takes none, neither headless nor where it asks",
        Capability.BUDGET: "it has no such option",
    }
    lacks_when_asking: ClassVar[Mapping[Capability, str]] = {
        Capability.ANSWER_SCHEMA: "it has no such option there",
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(("--always-approve", "--yolo"), takes_value=False),
        AccessOption(
            ("--permission-mode",),
            values={
                "default": Access.READ_ONLY,
                "plan": Access.READ_ONLY,
                "dontAsk": Access.READ_ONLY,
                "acceptEdits": Access.EDIT,
            },
        ),
        *(
            AccessOption((name,), Access.EDIT)
            for name in (
                *("--allow", "--allowedTools", "--tools", "--agent", "--agents", "--cwd"),
                *("--agent-profile", "--plugin-dir", "--leader-socket", "--sandbox"),
            )
        ),
        *(
            AccessOption((name,), Access.EDIT, takes_value=False)
            for name in ("--trust", "--worktree", "-w", "--restore-code", "--leader")
        ),
    )
    project_files = (
        ProjectFile(".grok/hooks/*.json", always=True),
        ProjectFile(".grok/config.toml", "mcp|plugin", always=True),
        ProjectFile(".grok/plugins/*", always=True),
        ProjectFile(".grok/agents/*.md", r"(hooks|mcpServers)[\"']?\s*:", always=True),
        ProjectFile(".grok/lsp.json", always=True),
        ProjectFile(".mcp.json", "command", always=True),
        ProjectFile(".envrc", always=True),
        # It reads the settings of two other agents as well.
        ProjectFile(".c*/settings*.json", '"hooks"', always=True),
        ProjectFile(".c*/hooks.json", always=True),
        ProjectFile(".c*/mcp.json", "command", always=True),
    )
    ways: ClassVar[Mapping[Capability, str]] = {Capability.FORK: "--fork-session"}

    def invocation(self, request: TurnRequest) -> Invocation:
        """One headless turn, with the prompt on stdin; if it asks, a dialogue."""
        if request.access is Access.ASK:
            return self._dialogue(request)
        argv = [self.executable, *_HEADLESS, *_options(request), *_rules_for(request)]
        if request.schema is not None:
            argv.append(f"--json-schema={request.schema}")
        if request.max_turns is not None:
            argv.append(f"--max-turns={request.max_turns}")
        return _invocation(request, argv, request.prompt.encode("utf-8", errors="replace"))

    def _dialogue(self, request: TurnRequest) -> Invocation:
        from clinvk.agents.kit.acp.client import opening

        if request.resume:
            conversation_id(request)
        argv = [self.executable, "agent", "--no-leader", "--agent-profile={agent.md}"]
        if request.model is not None:
            argv.append(f"--model={request.model}")
        started = _invocation(request, [*argv, *_effort(request)], opening())
        return replace(started, argv=(*started.argv, "stdio"), dialogue=True)

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it asks the person by default."""
        # There it ignores `--tools`: what that leaves out is denied or asked about.
        rules = () if request.access in (None, Access.ASK) else _rules_for(request)
        return _invocation(request, [self.executable, *_options(request), *rules], b"")

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for another directory, and for what its templates would change.

        1.0.41 continues a session in the directory where it began, whatever it is told.
        """
        super().refuse_unsupported(request)
        if request.access is Access.ASK:
            refuse_ignored_options(self.name, request, ("--fork-session", "--json-schema"))
        if request.elsewhere:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot continue a session in another directory",
                hint="leave `-w` out, or start a new session there",
            )
        if "${{" in (request.system_prompt or ""):
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot take `${{{{` in a system prompt: it fills it in",
                hint="leave it out, or put it into the prompt",
            )

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The folders that the person trusts, or the person's own rules for what it may do."""
        root = _root(user_home, environ)
        if access is Access.READ_ONLY:
            return {_TRUSTED: root / _TRUSTED}
        if access is None:
            return {_CONFIG: root / _CONFIG}
        return {}

    def trusted_folders(self, texts: Mapping[str, str]) -> Sequence[str] | None:
        """Those that the person trusts; any, if that cannot be read."""
        store = _toml(texts.get(_TRUSTED, ""))
        if store is None:
            return None
        folders = mapping(store.get("folders")).items()
        return [name for name, said in folders if mapping(said).get("trusted") is not False]

    def native(self) -> "UpdatesLog":
        """The reader of its sessions."""
        from clinvk.agents.grok.updates_log import UpdatesLog

        return UpdatesLog()

    def parser(self, request: TurnRequest) -> Parser:
        """A parser for the channel of the turn."""
        if request.access is Access.ASK:
            from clinvk.agents.grok.live import GrokLiveParser

            return GrokLiveParser(request)
        from clinvk.agents.grok.stream import GrokParser

        return GrokParser(request)

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The session's updates, in a folder named after the directory that it was started in.

        They alone say that it is gone: 1.0.41 would look for it at a server.
        """
        root = _root(user_home, environ) / "sessions"
        pattern = f"*/{escape(conversation)}/updates.jsonl"
        return ConversationFiles(root, pattern, self.native().has_content, only_witness=True)

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The session's summary; a title is made at the beginning, also headless."""
        root = _root(user_home, environ) / "sessions"
        return ConversationFiles(root, f"*/{escape(conversation)}/summary.json")

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or the file that its login writes."""
        return SignIn(variables=("XAI_API_KEY",), files=(_root(user_home, environ) / "auth.json",))

    def retention_settings(self, user_home: Path, environ: Mapping[str, str]) -> Path:
        """The person's own configuration."""
        return _root(user_home, environ) / _CONFIG

    def retention(self, settings: str | None) -> Retention | None:
        """Forever, unless the configuration has a number of days."""
        storage = mapping((_toml(settings or "") or {}).get("storage"))
        days = storage.get("cleanup_ttl_days")
        if isinstance(days, bool) or not isinstance(days, int) or days < 1:
            return None
        return Retention(days=days, setting="`cleanup_ttl_days` in its `config.toml`")

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen."""
        return (self.executable, "--resume", conversation)


def _options(request: TurnRequest) -> list[str]:
    options = [*conversation_and_model(request), *_effort(request)]
    # Where no rule denies it; reading is allowed everywhere.
    options += [f"--allow=Edit({escape(str(folder))}/**)" for folder in request.add_dirs]
    return [*options, "--agent={agent.md}"] if _has_profile(request) else options


def _has_profile(request: TurnRequest) -> bool:
    return request.access is Access.ASK or request.system_prompt is not None


def _effort(request: TurnRequest) -> list[str]:
    """The effort, which it ignores for a model that has no such levels."""
    if request.effort is None:
        return []
    level = "xhigh" if request.effort is Effort.MAX else request.effort.value
    return [f"--reasoning-effort={level}"]


def _rules_for(request: TurnRequest) -> tuple[str, ...]:
    if request.access is not None:
        return _ACCESS[request.access]
    own = any(_OWN_RULES.search(settings) for settings in request.texts.values())
    return () if own else _UNASKED


def _invocation(request: TurnRequest, argv: list[str], stdin: bytes) -> Invocation:
    asks = request.access is Access.ASK
    agent = _PROFILE.format(
        hooks=_ASK_HOOKS if asks else "", system_prompt=request.system_prompt or ""
    )
    read_only = request.access is Access.READ_ONLY
    return Invocation(
        argv=(*argv, *request.backend_args),
        stdin=stdin,
        cwd=request.cwd,
        env={**_SIDE_REQUESTS_OFF, **(_ONLY_TRUSTED if read_only else {})},
        env_unset=_CHILD_VARIABLES,
        files={"agent.md": agent} if _has_profile(request) else {},
    )


def _toml(text: str) -> Mapping[str, object] | None:
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("GROK_HOME")
    return Path(home) if home else user_home / ".grok"
