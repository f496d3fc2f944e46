"""Gemini CLI, run headless with its stream of JSON lines.

Tested with 0.61.0 and a mock model server.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser, Retention, SignIn
from clinvk.agents.kit.argv import refuse_commas
from clinvk.agents.kit.ids import UUID, conversation_option
from clinvk.agents.kit.jsonl import count, mapping, parse_object, text
from clinvk.agents.kit.pictures import with_pictures
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ENV_FILE, ProjectFile
from clinvk.model.outcome import Outcome
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE

if TYPE_CHECKING:
    from clinvk.agents.gemini.session_log import SessionLog

_LOG = re.compile(r"session-(\d{4}-[01]\d-[0-3]\dT[0-2]\d-[0-5]\d)-")
_MINUTE = "%Y-%m-%dT%H-%M"
_AGE = re.compile(r"([0-9]{1,6})([hdwm])")
_DAYS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30}

_HEADLESS, _LIVE = ("--output-format=stream-json",), ("--acp",)

_POLICY = "policy.toml"
"""The name of the file with our rules; it silently ignores a file with another ending."""

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # Plan mode alone is not enough: headless, it lets the model save a plan and leave the mode, and
    # the rest runs with full access. Our rules are in the user's tier, because those of an
    # administrator are ignored if the system has some; the user's own are loaded as well.
    Access.READ_ONLY: (
        "--approval-mode=plan",
        f"--policy={{{_POLICY}}}",
        "--policy=~/.gemini/policies",
    ),
    Access.ASK: ("--approval-mode=default", f"--admin-policy={{{_POLICY}}}"),
    # Leaving plan mode would also give full access here, so it cannot be entered. These rules are
    # added to all of the user's, wherever those are: what the user forbids stays forbidden.
    Access.EDIT: ("--approval-mode=auto_edit", f"--admin-policy={{{_POLICY}}}"),
    Access.FULL: ("--approval-mode=yolo",),
}

_RULE = '[[rule]]\ntoolName = [{tools}]\n{more}decision = "deny"\npriority = 999\n'
_PLAN_MODE = '"enter_plan_mode", "exit_plan_mode"'
_WRITING = (
    '"write_file", "replace", "run_shell_command", "activate_skill", "save_memory",'
    ' "discovered_tool_*"'
)
_RULES: Mapping[Access, str] = {
    Access.READ_ONLY: _RULE.format(tools=f"{_WRITING}, {_PLAN_MODE}", more="")
    + "\n"
    + _RULE.format(tools='"*"', more='mcpName = "*"\n'),
    Access.ASK: _RULE.format(tools=_PLAN_MODE, more=""),
    Access.EDIT: _RULE.format(tools=_PLAN_MODE, more=""),
}

_CHILD_VARIABLES = (
    "GEMINI_CLI",
    "GEMINI_CLI_ACTIVITY_LOG_TARGET",
    "GEMINI_CLI_NO_RELAUNCH",
    "GEMINI_PTY_INFO",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""

_TRUST, _SKIP_TRUST = "GEMINI_CLI_TRUST_WORKSPACE", "--skip-trust"
"""0.61.0 reads settings and `.env` before its arguments, and checks its trust again after them.

With both, it ignores the repository's settings (hooks, servers, commands) and still works there;
GEMINI.md is read.
"""

_OWN_VARIABLES = (
    "GEMINI_API_KEY",
    "GEMINI_MODEL",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_USE_GCA",
    "GOOGLE_GENAI_USE_VERTEXAI",
)
"""Variables that may be in `~/.gemini/.env`, which it does not read without trust."""

_LONGEST_PROMPT = 8 * 1024 * 1024
"""Bytes; it uses only the start of a longer prompt, and says so on stderr."""


class Agent(Backend):
    """Gemini CLI: clinvk chooses the conversation's id, and answers are streamed."""

    title = "Gemini CLI"
    finds_conversation = "where it began"
    executable = "gemini"
    install_hint = "npm install -g @google/gemini-cli"
    signs_in = "run `gemini`, then choose how to sign in"
    preference = 30
    tested_versions = ("0.61.0",)
    oldest_version = "0.47.0"  # 0.40.1 has no `--session-id`
    tools = (
        "glob google_web_search list_directory read_file read_many_files replace "
        "run_shell_command save_memory search_file_content web_fetch write_file"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.SYSTEM_PROMPT: "it can replace its own instructions, but not add to them",
        Capability.NEW_SYSTEM_PROMPT: "it can replace its own instructions, but not add to them",
        Capability.MAX_TURNS: "it has a limit on the number of turns only in its settings",
        Capability.EPHEMERAL: "it keeps every conversation",
        Capability.COST: "it reports tokens but no cost",
        Capability.TITLE: "it makes no titles",
        Capability.FORK: "it has no such option",
        Capability.ANSWER_SCHEMA: "it has no such option",
        Capability.EFFORT: "it has this only in its settings, for each model",
        Capability.BUDGET: "it has no such option",
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(("--yolo", "-y"), takes_value=False),
        AccessOption(
            ("--approval-mode",),
            values={
                "default": Access.READ_ONLY,
                "plan": Access.READ_ONLY,
                "auto_edit": Access.EDIT,
            },
        ),
        AccessOption(("--policy", "--admin-policy", "--allowed-tools"), Access.EDIT),
        AccessOption(("--worktree", "-w"), Access.EDIT, takes_value=False),
    )
    reads_variables = _OWN_VARIABLES
    project_files = (
        ProjectFile(".gemini/settings.json", '"(hooks|discoveryCommand|callCommand|command)"'),
        ProjectFile(".gemini/agents/*.md", "mcp_?[sS]ervers"),
        ProjectFile(".gemini/commands/*.toml", "!{"),
        ProjectFile(".gemini/.env"),
        ENV_FILE,
    )

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn, with the prompt on stdin; if it asks, a dialogue.

        Headless it never asks: a tool that needs approval does not exist in the run. The person
        decides in the agent whether it trusts the directory (and runs what is configured there); a
        turn that is read-only or asks never runs anything that is configured there.
        """
        if request.access is Access.ASK:
            from clinvk.agents.kit.acp.client import opening

            # Not only `session/load` names the conversation: at its start it would clean it away.
            options = conversation_option(request) if request.resume else []
            live = self._invocation(request, (*_LIVE, *options))
            return replace(live, stdin=opening(), dialogue=True)
        made = self._invocation(request, (*_HEADLESS, *conversation_option(request)))
        return with_pictures(made, request.images, "--include-directories")

    def _invocation(self, request: TurnRequest, options: Sequence[str]) -> Invocation:
        argv = [self.executable, *options]
        if request.model is not None:
            argv.append(f"--model={request.model}")
        argv += [f"--include-directories={directory}" for directory in request.add_dirs]
        files: dict[str, str] = {}
        env: dict[str, str] = {}
        # Where it asks too: the tools of a server that trusted settings call trusted run unasked.
        ignores_repository = request.access is Access.READ_ONLY or options[:1] == _LIVE
        if ignores_repository:
            argv.append(_SKIP_TRUST)
        if request.access is not None:
            argv += _ACCESS[request.access]
            if rules := _RULES.get(request.access):
                files[_POLICY] = rules
        if ignores_repository:
            env = {**_own_variables(request), _TRUST: "false"}
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env=env,
            env_unset=_CHILD_VARIABLES,
            files=files,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it asks the person by default."""
        invocation = self._invocation(request, conversation_option(request))
        # Its screen reads the settings again from time to time, so it must not trust them later.
        argv = tuple(one for one in invocation.argv if one != _SKIP_TRUST)
        return replace(invocation, argv=argv, stdin=b"")

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The person's own variables, which it reads itself only in a trusted directory."""
        untrusted = access in {Access.READ_ONLY, Access.ASK}
        return {_TRUST: _root(user_home, environ) / ".env"} if untrusted else {}

    def native(self) -> "SessionLog":
        """The reader of its session logs."""
        from clinvk.agents.gemini.session_log import SessionLog

        return SessionLog(answer="gemini")

    def parser(self, request: TurnRequest) -> Parser:
        """A parser; the agent's figures are always those of the run."""
        if request.access is Access.ASK:
            from clinvk.agents.gemini.live import GeminiLiveParser

            return GeminiLiveParser(request)
        from clinvk.agents.gemini.failures import DIALECT
        from clinvk.agents.gemini.flat_events import FlatEventsParser

        return FlatEventsParser(DIALECT)

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for a prompt that it would truncate."""
        super().refuse_unsupported(request)
        refuse_commas(self.name, request.add_dirs)
        size = len(request.prompt.encode("utf-8", errors="replace"))
        if size > _LONGEST_PROMPT:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot take a prompt of {size:,} bytes",
                hint=f"the limit is {_LONGEST_PROMPT:,} bytes; name a file for the agent to read",
            )

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """One log per minute in which it was started or resumed; only one has the messages.

        There is no log with messages after a first turn that was stopped early or failed: such a
        conversation cannot be resumed, and its id cannot be used again.
        """
        root = _root(user_home, environ) / "tmp"
        pattern = f"*/chats/session-*-{escape(conversation[:8])}.jsonl"
        return ConversationFiles(root, pattern, holds=self.native().has_content)

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result of a turn that asks, with the figures in its log if they agree."""
        del request
        told = mapping(result.counters)
        prompts = count(told.get("prompts"))
        if not prompts:
            return result
        used = self.native().usage_of_prompts(reversed(list(lines)), prompts)
        output = (used.output_tokens or 0) - (used.reasoning_tokens or 0)
        agrees = told == {
            "prompts": prompts,
            "input_tokens": used.input_tokens,
            "output_tokens": output,
        }
        return replace(result, usage=used if agrees else UNKNOWN_USAGE, counters=None)

    def not_before(self, request: TurnRequest, names: Iterable[str]) -> datetime | None:
        """The minute after that in the name of its log, if the turn asks.

        0.61.0 starts a log named after the minute before it loads a conversation: if that is the
        conversation's own log, all of it is lost.
        """
        if request.access is not Access.ASK:
            return None
        minutes = [found[1] for name in names if (found := _LOG.match(name))]
        if not minutes:
            return None
        last = datetime.strptime(max(minutes), _MINUTE).replace(tzinfo=UTC)
        return last + timedelta(minutes=1)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or the file that its login writes."""
        return SignIn(
            variables=(
                "GEMINI_API_KEY",
                "GOOGLE_API_KEY",
                "GOOGLE_GENAI_USE_GCA",
                "GOOGLE_GENAI_USE_VERTEXAI",
            ),
            files=(_root(user_home, environ) / "oauth_creds.json",),
        )

    def retention_settings(self, user_home: Path, environ: Mapping[str, str]) -> Path:
        """The person's own settings; those of a project are ignored."""
        return _root(user_home, environ) / "settings.json"

    def retention(self, settings: str | None) -> Retention | None:
        """The time after the last prompt; 30 days unless the settings change it.

        It deletes older conversations at each start, also headless. A limit on the number of
        conversations is not reported here.
        """
        parsed = parse_object(settings or "{}")
        rule = mapping(mapping((parsed or {}).get("general")).get("sessionRetention"))
        age = _AGE.fullmatch(text(rule.get("maxAge", "30d")))
        if parsed is None or rule.get("enabled") is False or age is None or not int(age[1]):
            return None
        days = int(age[1]) * _DAYS[age[2]]
        how = "`general.sessionRetention.maxAge` in its `settings.json`"
        return Retention(days=days, setting=how) if days >= 1 else None

    def keeps_resumed(self, settings: str | None) -> str | None:
        """The setting that turns off its cleaning.

        0.61.0 writes a stub when a conversation is resumed in a later minute than it started. The
        next new conversation in that directory mistakes the stub for a damaged session, and deletes
        all files with its id, including the conversation.
        """
        parsed = parse_object(settings or "{}")
        rule = mapping(mapping((parsed or {}).get("general")).get("sessionRetention"))
        if parsed is None or rule.get("enabled") is False:
            return None
        return "`general.sessionRetention.enabled: false` in its `settings.json`"

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen; it has to run in the conversation's directory."""
        return (self.executable, "--resume", conversation)


def _own_variables(request: TurnRequest) -> dict[str, str]:
    """The variables of the person's `.env` that are not in the environment already."""
    from clinvk.agents.gemini.dotenv import variables_in

    variables = variables_in(request.texts.get(_TRUST, ""))
    return {
        name: variables[name]
        for name in _OWN_VARIABLES
        if name in variables and not request.environ.get(name)
    }


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("GEMINI_CLI_HOME")
    return (Path(home) if home else user_home) / ".gemini"
