"""Pi, run headless: `pi --print` with its stream of JSON lines.

With `--access ask` it is run in its RPC mode, which has the same stream in a dialogue:
`clinvk.agents.pi.gate`. Tested with 1.6.0 and a mock model server.
"""

import re
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, SignIn
from clinvk.agents.kit.ids import UUID, conversation_id
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.request import Invocation, TurnRequest

if TYPE_CHECKING:
    from clinvk.agents.pi.event_stream import EventParser
    from clinvk.agents.pi.session_log import SessionLog

_HEADLESS = ("--print", "--mode", "json")
_DIALOGUE = ("--mode", "rpc")

_READING = "read,grep,find,ls"
"""The tools that change nothing."""

_ACCESS: Mapping[Access, tuple[str, ...]] = {
    # `--no-approve` also where the person trusted the folder: its `.pi` may have extensions, which
    # are code, and MCP servers. The person's own servers may write too.
    Access.READ_ONLY: ("--tools", _READING, "--no-mcp", "--no-approve"),
    Access.ASK: ("--no-approve", "--extension", "{ask.mjs}"),
    # No shell and no servers. Its own tools take any path: 1.6.0 has no option for that.
    Access.EDIT: ("--tools", f"{_READING},edit,write", "--no-mcp"),
    Access.FULL: ("--tools", f"{_READING},edit,write,bash"),
}
_FORK = "--fork"

_HOME = "PI_CODING_AGENT_DIR"
_SESSIONS = "PI_CODING_AGENT_SESSION_DIR"
_CHILD_VARIABLES = (
    "AI_AGENT",
    "PI_CODING_AGENT",
    "PI_MODEL",
    "PI_PROVIDER",
    "PI_REASONING_LEVEL",
    "PI_SESSION_FILE",
    "PI_SESSION_ID",
    "PI_SKIP_VERSION_CHECK",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""


class Agent(Backend):
    """Pi's CLI: clinvk chooses the conversation's id, and answers are streamed."""

    title = "Pi"
    finds_conversation = "where it began"
    executable = "pi"
    install_hint = "npm install -g @earendil-works/pi-coding-agent"
    signs_in = "run `pi` and type `/login`"
    preference = 70
    tested_versions = ("1.6.0",)
    oldest_version = "1.3.0"  # no older one was tried
    tools = "bash codemode edit find grep ls powershell read tool_search write"
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.MAX_TURNS: "it has no limit on the number of turns",
        Capability.TITLE: "it makes no titles",
        Capability.ANSWER_SCHEMA: "it has no such option",
        Capability.ADD_DIR: "nothing keeps it in its directory: name the other one in the prompt",
        Capability.BUDGET: "it has no such option",
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(("--tools", "-t")),
        AccessOption(("--extension", "-e")),
        AccessOption(("--approve", "-a"), takes_value=False),
        AccessOption(("--export",), Access.EDIT),
    )
    project_files = (
        # Only in a folder that the person trusted, and not with read-only access.
        ProjectFile(".pi/extensions/*"),
        ProjectFile(".pi/extensions/*/*"),
        ProjectFile(".pi/settings.json", '"(extensions|packages|npmCommand|shellPath)"'),
        ProjectFile(".pi/mcp.json", "command"),
    )
    reads_variables = (_HOME, _SESSIONS)
    ways: ClassVar[Mapping[Capability, str]] = {
        Capability.FORK: _FORK,
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One headless turn, with the prompt on stdin; the white space around it is left out."""
        own = self.screen(request)
        if request.access is Access.ASK:
            from clinvk.agents.pi.gate import opening

            argv = (self.executable, *_DIALOGUE, *own.argv[1:])
            return replace(own, argv=argv, stdin=opening(request), dialogue=True)
        _refuse_answer(request)
        pictures = {
            f"picture-{number}.{one.media_type.rpartition('/')[2]}": one.data
            for number, one in enumerate(request.images, 1)
        }
        named = (f"@{{{name}}}" for name in pictures)
        return replace(
            own,
            argv=(self.executable, *_HEADLESS, *own.argv[1:], *named),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            files={**own.files, **pictures},
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own screen; only with `ask` it asks before it acts."""
        options = [*_conversation(request), *_place(request)]
        if request.model is not None:
            options += ["--model", request.model]
        if request.effort is not None:
            options += ["--thinking", request.effort.value]
        if request.access is not None:
            options += _ACCESS[request.access]
        files: dict[str, str | bytes] = {}
        if request.access is Access.ASK:
            from clinvk.agents.pi.gate import gate

            files["ask.mjs"] = gate(_READING)
        if request.system_prompt is not None:
            options += ["--append-system-prompt", "{system_prompt}"]
            files["system_prompt"] = request.system_prompt
        passed = [one for one in request.backend_args if not (request.resume and one == _FORK)]
        return Invocation(
            argv=(self.executable, *options, *passed),
            stdin=b"",
            cwd=request.cwd,
            env_unset=_CHILD_VARIABLES,
            files=files,
        )

    def parser(self, request: TurnRequest) -> "EventParser":
        """A parser for its events, which knows what the turn may do."""
        from clinvk.agents.pi.event_stream import EventParser

        return EventParser(request)

    def native(self) -> "SessionLog":
        """The reader of its session files."""
        from clinvk.agents.pi.session_log import SessionLog

        return SessionLog()

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The session file, in a folder named after the directory that it was started in."""
        own, name = environ.get(_SESSIONS), f"*_{escape(conversation)}.jsonl"
        root = _expanded(own, user_home) if own else _root(user_home, environ)
        pattern = name if own else f"*/{name}"
        return ConversationFiles(root, pattern, holds=self.native().has_content)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment; it takes many more, and its `auth.json` exists in any case."""
        del user_home, environ
        keys = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY")
        return SignIn(variables=keys)

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for its own screen, which changes to the conversation's directory."""
        return (self.executable, "--session", conversation)


def _conversation(request: TurnRequest) -> list[str]:
    """The options for the conversation; each value is a token of its own, as pi reads them.

    Not `--session-id` for a further turn: it silently begins an empty conversation where it finds
    none (1.6.0), while `--session` fails.
    """
    if request.resume:
        fork = _FORK in request.backend_args
        return [_FORK if fork else "--session", conversation_id(request)]
    options = ["--no-session"] if request.ephemeral else []
    if request.conversation is None:
        return options
    return [*options, "--session-id", conversation_id(request)]


def _place(request: TurnRequest) -> list[str]:
    """The option for the folder of its sessions, as it names it itself.

    Without it, 1.6.0 writes the session where a repository's `.pi/settings.json` says, also in a
    folder that nobody trusted. And it searches for a conversation only there, so that it does not
    ask whether to fork one of another directory.
    """
    if request.ephemeral or request.home is None or request.environ.get(_SESSIONS):
        return []
    name = re.sub(r"[/\\:]", "-", str(request.cwd).removeprefix("/"))
    return ["--session-dir", str(_root(request.home, request.environ) / f"--{name}--")]


def _refuse_answer(request: TurnRequest) -> None:
    """Raise `BackendUnsupportedError` for a prompt that may become an answer.

    Where all sessions are in one folder and the conversation's directory is another one, 1.6.0 asks
    on stdin whether to fork it.
    """
    first = request.prompt.partition("\n")[0].rstrip("\r").lower()
    if request.resume and request.environ.get(_SESSIONS) and first in {"y", "yes"}:
        raise BackendUnsupportedError(
            f"pi could take this prompt for an answer, because `{_SESSIONS}` is set",
            hint="say it in other words",
        )


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get(_HOME)
    folder = _expanded(home, user_home) if home else user_home / ".pi" / "agent"
    return folder / "sessions"


def _expanded(path: str, user_home: Path) -> Path:
    return user_home / path[2:] if path.startswith("~/") else Path(path)
