"""Claude Code, run headless: `claude -p` with its stream of JSON lines.

With `--access ask` the same stream is a dialogue: `clinvk.agents.claude.live`. Tested with 2.1.197,
2.1.329 and 2.1.332 and a mock model server; a fact that is true for only one of them names its
version.
"""

from collections.abc import Iterable, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Retention, SignIn
from clinvk.agents.kit.argv import refuse_long_schema
from clinvk.agents.kit.ids import UUID, conversation_and_model
from clinvk.agents.kit.jsonl import parse_object
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.events import Json
from clinvk.model.request import Invocation, Picture, TurnRequest
from clinvk.model.versions import VersionMatch, match_version
from clinvk.text.json_codec import json_line

if TYPE_CHECKING:
    from clinvk.agents.claude.chat_log import ChatLog
    from clinvk.agents.kit.stream_json import StreamJsonParser

_HEADLESS = ("-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages")

_MESSAGES = "--input-format=stream-json"
"""Reads the prompt as a message, which may have pictures."""

_DIALOGUE = (_MESSAGES, "--permission-prompt-tool=stdio")

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # Plan mode is not enough: it refuses the editing tools, but 2.1.197 runs any shell command
    # that the user's own settings allow. So tools that can write do not exist in this run (also not
    # in sub-agents), nor do MCP servers; the agent never asks about the others.
    Access.READ_ONLY: (
        "--permission-mode=dontAsk",
        "--tools=Read,Grep,Glob,WebFetch,WebSearch,Task",
        "--strict-mcp-config",
        # Settings of the repository name programs: hooks, `apiKeyHelper`, a status line. This also
        # excludes its CLAUDE.md and its skills.
        "--setting-sources=user",
    ),
    # The settings of the repository are used, as in the agent's own default, and their hooks run:
    # without them it would have no CLAUDE.md and no skills. Not `settings.local.json`: 2.1.332 does
    # without a question what one allows, also in a directory that nobody trusted, and it may be
    # committed.
    # 2.1.329 calls the mode `manual`, and accepts this name too.
    Access.ASK: ("--permission-mode=default", "--setting-sources=user,project"),
    Access.EDIT: ("--permission-mode=acceptEdits",),
    # As root it refuses this mode with an error, unless IS_SANDBOX=1 is set.
    Access.FULL: ("--permission-mode=bypassPermissions",),
}

_MODES: Mapping[str, Access] = {
    "plan": Access.READ_ONLY,
    "default": Access.READ_ONLY,
    "manual": Access.READ_ONLY,
    "dontAsk": Access.READ_ONLY,
    "acceptEdits": Access.EDIT,
}

_PROGRAMS = (
    '"(hooks|apiKeyHelper|statusLine|awsAuthRefresh|awsCredentialExport|gcpAuthRefresh|env'
    '|otelHeadersHelper|fileSuggestion|enabledPlugins|extraKnownMarketplaces)"'
)
"""Settings that name programs, or sources of programs."""

_NEW_SYSTEM_PROMPT = "--system-prompt-snapshot=off"
"""Gives a resumed conversation the system prompt of this turn; 2.1.197 has no such option."""

_AT_LEAST = (VersionMatch.TESTED, VersionMatch.NEWER)

_CHILD_VARIABLES = (
    "AI_AGENT",
    "CLAUDECODE",
    "CLAUDE_CODE_CHILD_NOTES_DIR",
    "CLAUDE_CODE_CHILD_SESSION",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_EXECPATH",
    "CLAUDE_CODE_MESSAGING_SOCKET",
    "CLAUDE_CODE_MESSAGING_TOKEN",
    "CLAUDE_CODE_SESSION_ATTENDED",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_EFFORT",
    "CLAUDE_PID",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""


class Agent(Backend):
    """Claude Code's CLI: clinvk chooses the conversation's id, and answers are streamed."""

    title = "Claude Code"
    finds_conversation = "where it began"
    executable = "claude"
    install_hint = "npm install -g @anthropic-ai/claude-code"
    signs_in = "run `claude auth login`"
    preference = 10
    tested_versions = ("2.1.197", "2.1.332")
    oldest_version = "2.1.84"  # 2.1.16 counts steps twice, and reports no denial
    tools = (
        "AskUserQuestion Bash BashOutput Edit ExitPlanMode Glob Grep KillShell LS MultiEdit "
        "NotebookEdit NotebookRead PowerShell Read Skill SlashCommand Task TodoWrite WebFetch "
        "WebSearch Write"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        # 2.1.329 silently ignores a new one without `_NEW_SYSTEM_PROMPT`; 2.1.197 still uses it.
        Capability.NEW_SYSTEM_PROMPT: (
            "it keeps the first system prompt of a conversation, unless its last turn used version"
            " 2.1.329 or newer"
        ),
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(
            ("--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"),
            takes_value=False,
        ),
        AccessOption(("--permission-mode",), values=_MODES),
        *(
            AccessOption((name,), Access.EDIT)
            for name in (
                *("--settings", "--setting-sources", "--mcp-config", "--plugin-dir"),
                *("--plugin-url", "--allowed-tools", "--tools", "--agents", "--agent"),
                *("--permission-prompt-tool", "--permission-prompts"),
            )
        ),
        *(
            AccessOption((name,), Access.EDIT, takes_value=False)
            for name in ("--chrome", "--tmux", "--worktree", "-w", "--bg", "--background")
        ),
    )
    project_files = (
        ProjectFile(".claude/settings.json", _PROGRAMS),
        ProjectFile(".claude/settings.local.json", _PROGRAMS),
        ProjectFile(".mcp.json", "command"),
        ProjectFile(".claude/agents/*.md", r"(hooks|mcpServers)[\"']?\s*:"),
        ProjectFile(".claude/skills/*/SKILL.md", r"hooks[\"']?\s*:|!`"),
        ProjectFile(".claude/commands/*.md", "!`"),
    )
    ways: ClassVar[Mapping[Capability, str]] = {
        Capability.FORK: "--fork-session",
        Capability.BUDGET: "--max-budget-usd=USD",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One headless turn, with the prompt on stdin and the system prompt in a file."""
        asks = request.access is Access.ASK
        argv = [self.executable, *_HEADLESS, *(_DIALOGUE if asks else ())]
        if request.images and not asks:
            argv.append(_MESSAGES)
        argv += conversation_and_model(request)
        if request.access is not None:
            argv += _ACCESS[request.access]
        argv += [f"--add-dir={directory}" for directory in request.add_dirs]
        if request.effort is not None:
            argv.append(f"--effort={request.effort.value}")
        if request.schema is not None:
            argv.append(f"--json-schema={request.schema}")
        if request.max_turns is not None:
            argv.append(f"--max-turns={request.max_turns}")
        if request.ephemeral:
            argv.append("--no-session-persistence")
        files = {}
        if request.system_prompt is not None:
            argv.append("--append-system-prompt-file={system_prompt}")
            files["system_prompt"] = request.system_prompt
        if request.resume and request.system_prompt_changed:
            argv.append(_NEW_SYSTEM_PROMPT)
        prompt = request.prompt.encode("utf-8", errors="replace")
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=_message(prompt, request.images) if asks or request.images else prompt,
            cwd=request.cwd,
            env_unset=_CHILD_VARIABLES,
            files=files,
            dialogue=asks,
        )

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Accept a new system prompt if the version of the last turn supports it.

        If an older version was installed since, it refuses the option and does nothing. A new
        conversation would keep the system prompt for its later turns.
        """
        version = (request.counters or {}).get("version")
        known = isinstance(version, str) and match_version(version, ("2.1.329",)) in _AT_LEAST
        taken = request.resume and known
        refuse_long_schema(self.name, request)
        super().refuse_unsupported(
            replace(request, system_prompt_changed=request.system_prompt_changed and not taken)
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it asks the person by default."""
        headless = self.invocation(replace(request, prompt="", max_turns=None))
        options = [option for option in headless.argv[1:] if option not in _DIALOGUE]
        argv = (self.executable, *options[len(_HEADLESS) :])
        return replace(headless, argv=argv, stdin=b"", dialogue=False)

    def native(self) -> "ChatLog":
        """The reader of its transcripts."""
        from clinvk.agents.claude.chat_log import ChatLog

        return ChatLog()

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The transcript; 2.1.197 makes titles headless too, 2.1.329 only in its own screen."""
        return self.conversation_files(conversation, user_home, environ)

    def parser(self, request: TurnRequest) -> "StreamJsonParser":
        """A parser that separates this run's figures from those of the whole conversation."""
        from clinvk.agents.claude.failures import DIALECT
        from clinvk.agents.claude.run_usage import Spending
        from clinvk.agents.kit.stream_json import StreamJsonParser

        spending = Spending(
            resumed=request.resume, before=request.counters, before_is_last=request.baseline_known
        )
        if request.access is Access.ASK:
            from clinvk.agents.claude.live import LiveParser

            return LiveParser(request, DIALECT, spending)
        return StreamJsonParser(request, DIALECT, spending)

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The transcript, in a folder named after the directory that it was started in."""
        root = _root(user_home, environ)
        pattern = f"*/{escape(conversation)}.jsonl"
        return ConversationFiles(root / "projects", pattern, holds=self.native().has_content)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or the file that its login writes."""
        root = _root(user_home, environ)
        return SignIn(
            variables=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
            files=(root / ".credentials.json",),
        )

    def retention_settings(self, user_home: Path, environ: Mapping[str, str]) -> Path:
        """The person's own settings; those of a project are ignored."""
        return _root(user_home, environ) / "settings.json"

    def retention(self, settings: str | None) -> Retention | None:
        """Days after the last change of the transcript; 30 unless the settings change it."""
        parsed = {} if settings is None else parse_object(settings)
        days = None if parsed is None else parsed.get("cleanupPeriodDays", 30)
        if isinstance(days, bool) or not isinstance(days, int | float) or days < 1:
            return None  # if it refuses its settings, it deletes nothing
        return Retention(days=days, setting="`cleanupPeriodDays` in its `settings.json`")

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen; it has to run in the conversation's directory."""
        return (self.executable, "--resume", conversation)


def _message(prompt: bytes, images: Iterable[Picture]) -> bytes:
    """The prompt as a message of the user, with its pictures."""
    content: Json = prompt.decode()
    if blocks := [_image(one) for one in images]:
        content = [{"type": "text", "text": content}, *blocks]
    return json_line({"type": "user", "message": {"role": "user", "content": content}})


def _image(one: Picture) -> dict[str, Json]:
    source = {"type": "base64", "media_type": one.media_type, "data": one.base64}
    return {"type": "image", "source": source}


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("CLAUDE_CONFIG_DIR")
    return Path(home) if home else user_home / ".claude"
