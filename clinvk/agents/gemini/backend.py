"""Gemini CLI, run headless with its stream of JSON lines.

Seen in 0.61.0 against a mock model server.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clinvk.agents.base import Backend, Capability, ConversationFiles, Retention, SignIn
from clinvk.agents.gemini.flat_events import Dialect, FlatEventsParser
from clinvk.agents.kit.failures import Words
from clinvk.agents.kit.ids import UUID, conversation_id
from clinvk.agents.kit.jsonl import mapping, parse_object, text
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.failure import FailureCode
from clinvk.model.project_file import ENV_FILE, ProjectFile
from clinvk.model.request import Invocation, TurnRequest

if TYPE_CHECKING:
    from clinvk.agents.gemini.session_log import SessionLog

_AGE = re.compile(r"([0-9]{1,6})([hdwm])")
_DAYS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30}

_HEADLESS = ("--output-format=stream-json",)

_POLICY = "policy.toml"
"""The name of the file with our rules; one that ends otherwise it ignores silently."""

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # Plan mode alone is none: headless it lets the model save a plan and leave the mode, and what
    # follows runs with full access. Our rules are the user's own tier, since those of an
    # administrator are ignored where the system has some; the user's own are loaded beside them.
    Access.READ_ONLY: (
        "--approval-mode=plan",
        f"--policy={{{_POLICY}}}",
        "--policy=~/.gemini/policies",
    ),
    # The same way out leads through plan mode from here, so there is no way into it. Here the
    # rules stand beside all of the user's, wherever those are: what they forbid stays forbidden.
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
    Access.EDIT: _RULE.format(tools=_PLAN_MODE, more=""),
}

_NESTING = (
    "GEMINI_CLI",
    "GEMINI_CLI_ACTIVITY_LOG_TARGET",
    "GEMINI_CLI_NO_RELAUNCH",
    "GEMINI_PTY_INFO",
)
"""What it sets for its own children: a run that clinvk starts from there is none of them."""

_TRUST, _TRUST_AFTER_ALL = "GEMINI_CLI_TRUST_WORKSPACE", "--skip-trust"
"""0.61.0 reads settings and `.env` before its arguments, and looks at its trust again after them.

So with both it passes over what the repository's settings say (hooks, servers, commands), and does
not refuse to work there; GEMINI.md is read.
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
"""What a person may have in `~/.gemini/.env`, which it does not read without trust."""

_LONGEST_PROMPT = 8 * 1024 * 1024
"""Bytes; of what is longer it takes the beginning, and says so on stderr."""

_UNTRUSTED = "not running in a trusted directory"
_UNTRUSTED_HINT = (
    "trust the directory in the agent's own screen, or add `--backend-arg=--skip-trust`"
)
_WORDS: Words = (
    (
        (
            # An errno after it is a file that could not be read just now, and may well be there.
            r"(?m)^(error: )?(error resuming session: (?!E[A-Z]{3,}\b)|no previous sessions found"
            r"|no sessions found for this project|invalid session identifier|session not found\b)"
        ),
        FailureCode.CONVERSATION_GONE,
    ),
    (r"session id .{0,60} already exists", FailureCode.CONVERSATION_EXISTS),
    (rf"{_UNTRUSTED}|^unknown argument|^invalid values", FailureCode.OPTION_REFUSED),
    (r"no input provided", FailureCode.PROMPT_REFUSED),
    (r"response was blocked", FailureCode.PROMPT_REFUSED),
    (
        r"\b(?:set an|invalid) auth method\b|\bspecify the \w+ environment variable\b",
        FailureCode.AUTH,
    ),
    (r"exceeds the maximum number of tokens", FailureCode.CONTEXT_TOO_LONG),
    (r"maximum session turns|max session turns", FailureCode.TURN_LIMIT),
    # Its free tier's limit of a minute is worded like one of the account's.
    (
        (
            r"\b(?:has been|quota|resource)[ _]exhausted\b|\bexhausted your\b"
            r"|\byour current quota\b|\bquota exceeded for\b"
        ),
        FailureCode.RATE_LIMITED,
    ),
    (r"\bwithout a finish reason\b", FailureCode.NETWORK),
    (r"\bempty response\b", FailureCode.SERVER_ERROR),
)
_NOISE = (
    r"^(Warning: |\[WARNING\]|\[STARTUP\]|Ripgrep|YOLO mode|Approval mode|Loaded cached|Attempt \d"
    r"|Usage: )"
)


_DIALECT = Dialect(
    words=_WORDS,
    types={
        "FatalAuthenticationError": FailureCode.AUTH,
        "FatalInputError": FailureCode.PROMPT_REFUSED,
        "FatalTurnLimitedError": FailureCode.TURN_LIMIT,
    },
    hints={_UNTRUSTED: _UNTRUSTED_HINT},
    noise=_NOISE,
    searching=frozenset({"google_web_search", "web_fetch"}),
)


class Agent(Backend):
    """Gemini CLI: the caller chooses the conversation's id, answers come in pieces."""

    title = "Gemini CLI"
    executable = "gemini"
    install_hint = "npm install -g @google/gemini-cli"
    preference = 30
    tested_versions = ("0.61.0",)
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.SYSTEM_PROMPT: "it can replace its own instructions, but not add to them",
        Capability.NEW_SYSTEM_PROMPT: "it can replace its own instructions, but not add to them",
        Capability.MAX_TURNS: "it has a limit on the number of turns only in its settings",
        Capability.EPHEMERAL: "it keeps every conversation",
        Capability.COST: "it reports tokens and no cost",
        Capability.TITLE: "it makes no title",
        Capability.FORK: "it has no such option",
        Capability.ANSWER_SCHEMA: "it has no such option",
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
    ways: ClassVar[Mapping[Capability, str]] = {
        Capability.IMAGES: "@FILE in the prompt",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One headless turn, the prompt on stdin.

        It never asks: a tool that needs approval does not exist in the run. Whether it trusts the
        directory (and runs what is configured in it) stays between the person and the agent, but
        for a read-only turn, in which nothing that is configured there is run.
        """
        argv = [self.executable, *_HEADLESS]
        if request.conversation is not None or request.resume:
            # One token, so that an id cannot become a flag.
            argv.append(
                f"--{'resume' if request.resume else 'session-id'}={conversation_id(request)}"
            )
        if request.model is not None:
            argv.append(f"--model={request.model}")
        files = {}
        env: dict[str, str] = {}
        if request.access is Access.READ_ONLY:
            argv.append(_TRUST_AFTER_ALL)
        if request.access is not None:
            argv += _ACCESS[request.access]
            if rules := _RULES.get(request.access):
                files[_POLICY] = rules
        if request.access is Access.READ_ONLY:
            env = {**_own_variables(request), _TRUST: "false"}
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env=env,
            env_unset=_NESTING,
            files=files,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own screen; without an access it asks the person, as it does by default."""
        headless = self.invocation(replace(request, prompt="", max_turns=None))
        # Its screen reads the settings again now and then, so there the distrust has to last.
        options = (one for one in headless.argv[1 + len(_HEADLESS) :] if one != _TRUST_AFTER_ALL)
        return replace(headless, argv=(self.executable, *options))

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The person's own variables, which it reads itself wherever it trusts the directory."""
        read_only = access is Access.READ_ONLY
        return {_TRUST: _root(user_home, environ) / ".env"} if read_only else {}

    def native(self) -> "SessionLog":
        """Its conversations are logs of what was said and set."""
        from clinvk.agents.gemini.session_log import SessionLog

        return SessionLog(answer="gemini")

    def parser(self, request: TurnRequest) -> FlatEventsParser:
        """A parser; the agent's figures are always the run's own."""
        del request
        return FlatEventsParser(_DIALECT)

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for a prompt that would be cut."""
        super().refuse_unsupported(request)
        size = len(request.prompt.encode("utf-8", errors="replace"))
        if size > _LONGEST_PROMPT:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot take a prompt of {size:,} bytes",
                hint=f"at most {_LONGEST_PROMPT:,}; name a file for the agent to read",
            )

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """A log for each minute in which it was begun or resumed; only one has what was said.

        None has it after a first turn that was stopped early or failed: such a conversation
        cannot be resumed, and its id cannot be used again.
        """
        root = _root(user_home, environ) / "tmp"
        pattern = f"*/chats/session-*-{escape(conversation[:8])}.jsonl"
        return ConversationFiles(root, pattern, holds=_holds_a_prompt)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or what its own log-in leaves in a file."""
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
        """The person's own settings; a project's may say it too, and are not looked at."""
        return _root(user_home, environ) / "settings.json"

    def retention(self, settings: str | None) -> Retention | None:
        """So long after the last prompt; 30 days unless the settings say.

        It removes what is older at each start, also headless. Of a limit to the number of
        conversations nothing is told here.
        """
        said = parse_object(settings or "{}")
        rule = mapping(mapping((said or {}).get("general")).get("sessionRetention"))
        age = _AGE.fullmatch(text(rule.get("maxAge", "30d")))
        if said is None or rule.get("enabled") is False or age is None or not int(age[1]):
            return None
        days = int(age[1]) * _DAYS[age[2]]
        how = "`general.sessionRetention.maxAge` in its `settings.json`"
        return Retention(days=days, setting=how) if days >= 1 else None

    def keeps_resumed(self, settings: str | None) -> str | None:
        """One that switches its cleaning up off.

        0.61.0 writes a stub when a conversation is resumed in a later minute than it was begun. The
        next new one in that directory takes the stub for a damaged session, and deletes all files
        of its id, those with the conversation too.
        """
        said = parse_object(settings or "{}")
        rule = mapping(mapping((said or {}).get("general")).get("sessionRetention"))
        if said is None or rule.get("enabled") is False:
            return None
        return "`general.sessionRetention.enabled: false` in its `settings.json`"

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The agent's own screen; it has to be opened in the conversation's directory."""
        return (self.executable, "--resume", conversation)


def _own_variables(request: TurnRequest) -> dict[str, str]:
    """Those of the person's `.env` that its environment does not have already."""
    from clinvk.agents.gemini.dotenv import variables_in

    said = variables_in(request.texts.get(_TRUST, ""))
    return {
        name: said[name]
        for name in _OWN_VARIABLES
        if name in said and not request.environ.get(name)
    }


def _holds_a_prompt(lines: Iterable[str]) -> bool:
    from clinvk.agents.gemini.session_log import holds_a_prompt

    return holds_a_prompt(lines)


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("GEMINI_CLI_HOME")
    return (Path(home) if home else user_home) / ".gemini"
