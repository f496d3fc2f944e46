"""GitHub Copilot CLI, run headless with its stream of JSON lines; tested with 1.0.102."""

from collections.abc import Iterable, Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser, SignIn
from clinvk.agents.kit.ids import UUID, conversation_option
from clinvk.agents.kit.jsonc import parse_settings
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.events import Json
from clinvk.model.outcome import Outcome
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import Usage

if TYPE_CHECKING:
    from clinvk.agents.copilot.event_log import EventLog

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # What is denied stays denied, whatever the person allowed for good in its screen.
    Access.READ_ONLY: ("--deny-tool=write", "--deny-tool=shell"),
    Access.ASK: (),
    # To it, the redirection of a harmless command is a write: `echo x > file` would run.
    Access.EDIT: ("--allow-tool=write", "--deny-tool=shell"),
    Access.FULL: ("--allow-all",),
}

_ALLOWING = (
    "COPILOT_ALLOW_ALL",
    "COPILOT_ASSISTED_APPROVAL",
    "GITHUB_COPILOT_PROMPT_MODE_EXTENSIONS",
    "GITHUB_COPILOT_PROMPT_MODE_REPO_HOOKS",
    "GITHUB_COPILOT_PROMPT_MODE_WORKSPACE_MCP",
)
"""A person's variables that allow tools, or trust every directory."""

_CHILD_VARIABLES = (
    "COPILOT_AGENT_SESSION_ID",
    "COPILOT_CLI",
    "COPILOT_CLI_BINARY_VERSION",
    "COPILOT_CLI_RESOLVED_DIST_DIR",
    "COPILOT_LOADER_PID",
    "COPILOT_RUN_APP",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""

_INSTRUCTIONS = "COPILOT_CUSTOM_INSTRUCTIONS_DIRS"
"""Folders with instructions, between commas; in them it reads every `*.instructions.md`."""

_SYSTEM_PROMPT = "clinvk.instructions.md"

_TRUSTING = ("config.json", "settings.json")

_OPTIONS = "it has no such option"


class Agent(Backend):
    """Copilot's CLI: clinvk chooses the conversation's id, and answers are streamed."""

    title = "Copilot CLI"
    finds_conversation = "anywhere"
    executable = "copilot"
    install_hint = "npm install -g @github/copilot"
    signs_in = "run `copilot login`"
    preference = 60
    tested_versions = ("1.0.102",)
    oldest_version = "1.0.85"  # 1.0.60 has no figures for a further turn
    tools = (
        "apply_patch bash create edit glob grep list_bash read_agent read_bash skill sql "
        "stop_bash task view web_fetch write_agent write_bash"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.MAX_TURNS: "it has no limit on the number of turns",
        Capability.EPHEMERAL: "it keeps every conversation",
        Capability.COST: "it reports tokens but no cost",
        Capability.FORK: _OPTIONS,
        Capability.ANSWER_SCHEMA: _OPTIONS,
        Capability.BUDGET: "it limits credits (`--max-ai-credits`), not what they cost",
    }
    lacks_when_asking: ClassVar[Mapping[Capability, str]] = {
        Capability.ADD_DIR: "it does not take further directories there",
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(
            (
                *("--allow-all", "--yolo", "--allow-all-tools", "--allow-all-paths"),
                *("--allow-all-urls", "--trust-folder", "--assisted-approval", "--autopilot"),
                *("--bash-env", "--remote"),
            ),
            takes_value=False,
        ),
        AccessOption(
            ("--mode",), values={"interactive": Access.READ_ONLY, "plan": Access.READ_ONLY}
        ),
        AccessOption(("--allow-tool", "--plugin-dir", "--additional-mcp-config", "--agent")),
        AccessOption(("--config-dir", "--extension-sdk-path")),
        AccessOption(
            ("--add-dir", "--allow-url", "-C", "--share", "--usage-output-file", "--worktree"),
            Access.EDIT,
        ),
    )
    reads_variables = (_INSTRUCTIONS,)
    project_files = (
        ProjectFile(".github/hooks/*.json", always=True),
        ProjectFile(".github/copilot/settings*.json", '"(hooks|mcpServers|command)"', always=True),
        # Another agent's settings, whose hooks it runs too.
        ProjectFile(".?laude/settings*.json", '"hooks"', always=True),
        ProjectFile(".mcp.json", "command", always=True),
        ProjectFile(".github/lsp.json", "command", always=True),
        ProjectFile(".github/agents/*.md", "mcp-?[sS]ervers", always=True),
        ProjectFile(".github/extensions/*/extension.*", always=True),
    )

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn, with the prompt on stdin; if it asks, a dialogue.

        Headless it never asks: a tool that needs approval is denied.
        """
        if request.access is Access.ASK:
            from clinvk.agents.kit.acp.client import opening

            live = self._invocation(request, ["--acp"])
            return replace(live, stdin=opening(), dialogue=True)
        pictures = [f"--attachment={one.path}" for one in request.images]
        options = ["--output-format=json", *conversation_option(request), *pictures]
        return self._invocation(request, options)

    def _invocation(self, request: TurnRequest, options: list[str]) -> Invocation:
        limited = request.access not in (None, Access.FULL)
        if request.model is not None:
            options.append(f"--model={request.model}")
        if request.access is not None:
            options += _ACCESS[request.access]
        options += [f"--add-dir={directory}" for directory in request.add_dirs]
        if request.effort is not None:
            options.append(f"--reasoning-effort={request.effort.value}")
        env: dict[str, str] = {}
        files: dict[str, str] = {}
        if request.system_prompt is not None:
            files[_SYSTEM_PROMPT] = request.system_prompt
            folders = (request.environ.get(_INSTRUCTIONS), f"{{{_SYSTEM_PROMPT}}}/..")
            env[_INSTRUCTIONS] = ",".join(filter(None, folders))
        return Invocation(
            argv=(self.executable, *options, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env=env,
            env_unset=(*_CHILD_VARIABLES, *(_ALLOWING if limited else ())),
            files=files,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it asks the person by default."""
        return replace(self._invocation(request, conversation_option(request)), stdin=b"")

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The person's files with the folders that it trusts."""
        root = _root(user_home, environ)
        read_only = access is Access.READ_ONLY
        return {name: root / name for name in _TRUSTING} if read_only else {}

    def trusted_folders(self, texts: Mapping[str, str]) -> Sequence[str] | None:
        """Those that the person trusts: elsewhere 1.0.102 runs nothing that a repository names.

        In them it runs it also if every tool is denied, and no option prevents that.
        """
        parsed = [parse_settings(texts.get(name) or "{}") for name in _TRUSTING]
        if None in parsed:
            return None
        listed = (one for each in parsed for one in items(mapping(each).get("trustedFolders")))
        return [folder for folder in map(text, listed) if folder.startswith("/")]

    def parser(self, request: TurnRequest) -> Parser:
        """A parser; the figures are in the conversation's own file."""
        if request.access is Access.ASK:
            from clinvk.agents.copilot.live import CopilotLiveParser

            return CopilotLiveParser(request)
        from clinvk.agents.copilot.event_stream import EventParser

        return EventParser(request)

    def native(self) -> "EventLog":
        """The reader of its conversations."""
        from clinvk.agents.copilot.event_log import EventLog

        return EventLog()

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The conversation's events, in a folder of its own."""
        root = _root(user_home, environ) / "session-state"
        pattern = f"{escape(conversation)}/events.jsonl"
        return ConversationFiles(root, pattern, holds=self.native().has_content)

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The file beside it with the name; only a person names a conversation."""
        root = _root(user_home, environ) / "session-state"
        return ConversationFiles(root, f"{escape(conversation)}/workspace.yaml")

    def counters_in(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """The totals of the conversation, including those of turns that were cut off."""
        return self.native().counters(lines)

    def usage_by(
        self, counters: Mapping[str, Json], request: TurnRequest, lines: Iterable[str] = ()
    ) -> Usage:
        """What was added since the start of the turn."""
        from clinvk.agents.copilot.event_log import used_since

        del lines
        return used_since(counters, request)

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result with what was added to the totals."""
        counters = self.counters_in(lines)
        if counters is None:
            return result
        return replace(result, usage=self.usage_by(counters, request), counters=counters)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A token or a provider in the environment; where its login keeps one is not known."""
        del user_home, environ
        return SignIn(
            variables=(
                *("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY"),
                *("COPILOT_PROVIDER_BEARER_TOKEN", "COPILOT_PROVIDER_API_KEY_COMMAND"),
            )
        )

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen."""
        return (self.executable, f"--resume={conversation}")


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("COPILOT_HOME")
    return Path(home) if home else user_home / ".copilot"
