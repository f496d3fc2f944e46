"""Qwen Code, run headless with a stream of JSON lines; tested with 0.24.4 and a mock model."""

import json
from collections.abc import Iterable, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser, SignIn
from clinvk.agents.kit.argv import (
    refuse_commas,
    refuse_ignored_options,
    refuse_long_system_prompt,
)
from clinvk.agents.kit.ids import UUID, conversation_option
from clinvk.agents.kit.jsonc import parse_settings
from clinvk.agents.kit.jsonl import items, mapping
from clinvk.agents.kit.pictures import with_pictures
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ENV_FILE, ProjectFile
from clinvk.model.events import Json
from clinvk.model.outcome import Outcome
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import Usage

if TYPE_CHECKING:
    from clinvk.agents.qwen.parts_log import PartsLog

_HEADLESS = ("qwen", "--output-format=stream-json", "--include-partial-messages")
_LIVE = ("qwen", "--acp")

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # Plan mode refuses tools that write, even if the person's settings allow them. The tools are
    # excluded as well, and so are all MCP servers, which the person may have trusted.
    Access.READ_ONLY: (
        "--approval-mode=plan",
        "--exclude-tools=edit",
        "--exclude-tools=write_file",
        "--exclude-tools=notebook_edit",
        "--exclude-tools=run_shell_command",
        "--allowed-mcp-server-names=none",
    ),
    Access.ASK: ("--approval-mode=default",),
    Access.EDIT: ("--approval-mode=auto-edit",),
    Access.FULL: ("--approval-mode=yolo",),
}

_OWN_SETTINGS = frozenset({Access.READ_ONLY, Access.ASK})
"""With these, the run has settings of its own."""

_ASKED = ("run_shell_command", "monitor", "edit", "write_file", "notebook_edit", "mcp__*")
"""Tools that are asked about whatever the settings allow: those of a repository count like a
person's (0.24.4), and its rules that ask come before those that allow.
"""

_CHILD_VARIABLES = (
    "QWEN_CODE",
    "QWEN_CODE_AGENT_ID",
    "QWEN_CODE_CLI",
    "QWEN_CODE_LAUNCHER_PATH",
    "QWEN_CODE_LAUNCHER_PID",
    "QWEN_CODE_MANAGED_NPM_PIN",
    "QWEN_CODE_MANAGED_NPM_ROOT",
    "QWEN_CODE_MODEL",
    "QWEN_CODE_MODEL_IDENTITY",
    "QWEN_CODE_NO_RELAUNCH",
    "QWEN_CODE_PRIVATE_RELAUNCH_ENV_PROVENANCE",
    "QWEN_CODE_PROJECT_DIR",
    "QWEN_CODE_PROMPT_ID",
    "QWEN_CODE_SESSION_ID",
    "QWEN_CODE_STARTUP_VERSION",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""

_SETTINGS, _DEFAULTS, _FOLDERS = (
    "QWEN_CODE_SYSTEM_SETTINGS_PATH",
    "QWEN_CODE_SYSTEM_DEFAULTS_PATH",
    "QWEN_CODE_TRUSTED_FOLDERS_PATH",
)
"""0.24.4 ignores the settings and the QWEN.md of a folder that it does not trust.

A person's own settings may trust every folder, but the machine's settings override them.
"""


class Agent(Backend):
    """Qwen Code's CLI: clinvk chooses the conversation's id, and answers are streamed."""

    title = "Qwen Code"
    finds_conversation = "where it began"
    executable = "qwen"
    install_hint = "npm install -g @qwen-code/qwen-code"
    signs_in = "run `qwen`, then type `/auth`"
    preference = 50
    tested_versions = ("0.24.4",)
    oldest_version = "0.21.2"  # 0.15.6 gives an API error as its answer, with exit 0
    tools = (
        "edit glob grep_search list_directory read_file read_many_files run_shell_command "
        "save_memory skill task todo_write web_fetch web_search write_file"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.COST: "it reports tokens but no cost",
        Capability.BUDGET: "it has no such option",
    }
    lacks_when_asking: ClassVar[Mapping[Capability, str]] = {
        Capability.ANSWER_SCHEMA: "it ignores its option for a schema there",
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(("--yolo", "-y"), takes_value=False),
        AccessOption(
            ("--approval-mode",),
            values={
                "default": Access.READ_ONLY,
                "plan": Access.READ_ONLY,
                "auto-edit": Access.EDIT,
            },
        ),
        AccessOption(
            ("--allowed-tools", "--core-tools", "--mcp-config", "--allowed-mcp-server-names"),
            Access.EDIT,
        ),
        AccessOption(("--worktree", "--experimental-lsp"), Access.EDIT, takes_value=False),
    )
    reads_variables = (_SETTINGS, _DEFAULTS)
    project_files = (
        ProjectFile(
            ".qwen/settings.json", '"(hooks|discoveryCommand|callCommand|command|statusLine|env)"'
        ),
        ProjectFile(".qwen/agents/*.md", "mcp_?[sS]ervers|hooks"),
        ProjectFile(".qwen/commands/*.md", "!{"),
        ProjectFile(".qwen/.env"),
        ENV_FILE,
        ProjectFile(".lsp.json", "command"),
    )
    ways: ClassVar[Mapping[Capability, str]] = {
        Capability.FORK: "--fork-session",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn, with the prompt on stdin; if it asks, a dialogue."""
        if request.access is Access.ASK:
            from clinvk.agents.kit.acp.client import opening

            invocation = self._invocation(request, list(_LIVE))
            return replace(invocation, stdin=opening(), dialogue=True)
        # Its messages on stdin could hold pictures, but with these it takes no schema.
        made = self._invocation(request, [*_HEADLESS, *conversation_option(request)])
        return with_pictures(made, request.images, "--add-dir")

    @staticmethod
    def _invocation(request: TurnRequest, argv: list[str]) -> Invocation:
        if request.model is not None:
            argv.append(f"--model={request.model}")
        if request.access is not None:
            argv += _ACCESS[request.access]
        if request.max_turns is not None and request.access is not Access.ASK:
            argv.append(f"--max-session-turns={request.max_turns}")
        if request.ephemeral:
            argv.append("--chat-recording=false")
        if request.system_prompt is not None:
            argv.append(f"--append-system-prompt={request.system_prompt}")
        argv += [f"--add-dir={directory}" for directory in request.add_dirs]
        files = _settings_files(request)
        if request.schema is not None:
            argv.append("--json-schema=@{schema}")
            files["schema"] = request.schema
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env=_settings_environment(request),
            env_unset=_CHILD_VARIABLES,
            files=files,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it asks the person by default."""
        request = replace(request, prompt="", max_turns=None)
        return self._invocation(request, [self.executable, *conversation_option(request)])

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The machine's own settings, which some turns extend."""
        del access, user_home  # the effort needs them at any level
        return {_SETTINGS: _machine_settings(environ)}

    def native(self) -> "PartsLog":
        """The reader of its chats."""
        from clinvk.agents.qwen.parts_log import PartsLog

        return PartsLog()

    def parser(self, request: TurnRequest) -> Parser:
        """A parser that computes the difference of the conversation's running totals."""
        if request.access is Access.ASK:
            from clinvk.agents.qwen.live import QwenLiveParser

            return QwenLiveParser(request)
        from clinvk.agents.qwen.dialect import QwenParser

        return QwenParser(request)

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for a system prompt that is too long for argv, and for ignored options."""
        super().refuse_unsupported(request)
        refuse_long_system_prompt(self.name, request.system_prompt or "")
        refuse_commas(self.name, request.add_dirs)
        if request.access is Access.ASK:
            refuse_ignored_options(self.name, request, ("--fork-session", "--json-schema"))

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The conversation's chat, in a folder named after the directory that it was started in."""
        root = _root(user_home, environ)
        pattern = f"*/chats/{escape(conversation)}.jsonl"
        return ConversationFiles(root / "projects", pattern, holds=self.native().has_content)

    def counters_in(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """The totals of all requests in the chat, including those of turns that were cut off."""
        return self.native().counters(lines)

    def usage_by(
        self, counters: Mapping[str, Json], request: TurnRequest, lines: Iterable[str] = ()
    ) -> Usage:
        """What was added since the start of the turn."""
        from clinvk.agents.qwen.running_total import used_since

        del lines
        return used_since(counters, request)

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result of a turn that asks, with what was added to the totals in its chat."""
        if request.access is not Access.ASK or request.ephemeral:
            return result
        counters = self.counters_in(lines)
        if counters is None:
            return result
        return replace(result, usage=self.usage_by(counters, request), counters=counters)

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The chat; a title is made or set only in its own screen."""
        return self.conversation_files(conversation, user_home, environ)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or the file that its login writes."""
        root = _root(user_home, environ)
        return SignIn(
            variables=("OPENAI_API_KEY", "DASHSCOPE_API_KEY", "BAILIAN_CODING_PLAN_API_KEY"),
            files=(root / "oauth_creds.json",),
        )

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen; it has to run in the conversation's directory."""
        return (self.executable, "--resume", conversation)


def _machine_settings(environ: Mapping[str, str]) -> Path:
    return Path(environ.get(_SETTINGS) or "/etc/qwen-code/settings.json")


def _has_settings(request: TurnRequest) -> bool:
    return request.access in _OWN_SETTINGS or request.effort is not None


def _settings_environment(request: TurnRequest) -> dict[str, str]:
    """The variables for `_settings_files`, which replace the machine's settings and the trust."""
    if not _has_settings(request):
        return {}
    machine = _machine_settings(request.environ)
    env = {_SETTINGS: "{settings.json}"}
    if request.access is Access.READ_ONLY:
        env[_FOLDERS] = "{folders.json}"
    if _DEFAULTS not in request.environ:  # otherwise it looks for them next to the settings
        env[_DEFAULTS] = str(machine.parent / "system-defaults.json")
    return env


def _settings_files(request: TurnRequest) -> dict[str, str | bytes]:
    """The machine's settings, and more.

    Read-only: folder trust is enabled, and a list trusts none of these. If it asks: `_ASKED`, and
    after a turn it suggests no prompt, for which 0.24.4 asks the model, but not headless.

    Raises `BackendUnsupportedError` if the machine's settings cannot be parsed.
    """
    if not _has_settings(request):
        return {}
    parsed = parse_settings(request.texts.get(_SETTINGS) or "{}")
    if parsed is None:
        raise BackendUnsupportedError(
            f"backend `qwen` cannot add to `{_machine_settings(request.environ)}`: it is not JSON",
            hint="correct the file, or choose another backend with `-b`",
        )
    settings = dict(parsed)
    files: dict[str, str | bytes] = {}
    if request.effort is not None:
        model = mapping(parsed.get("model"))
        settings["model"] = {**model, "reasoningEffort": request.effort.value}
    if request.access is Access.ASK:
        settings["ui"] = {**mapping(parsed.get("ui")), "enableFollowupSuggestions": False}
        rules = mapping(parsed.get("permissions"))
        settings["permissions"] = {**rules, "ask": [*_ASKED, *items(rules.get("ask"))]}
    if request.access is Access.READ_ONLY:
        security = mapping(parsed.get("security"))
        settings["security"] = {**security, "folderTrust": {"enabled": True}}
        folders = (request.cwd, *request.cwd.parents)
        files["folders.json"] = json.dumps({str(one): "DO_NOT_TRUST" for one in folders})
    return {"settings.json": json.dumps(settings), **files}


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("QWEN_RUNTIME_DIR") or environ.get("QWEN_HOME")
    return Path(home) if home else user_home / ".qwen"
