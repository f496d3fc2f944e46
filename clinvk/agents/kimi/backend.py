"""Kimi Code, over the Agent Client Protocol in every turn.

Tested with 2.1.0 and a mock model server. Its headless form takes the prompt only as an argument,
which all users can read and which has a limit, and tells its conversation's id last.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser, SignIn
from clinvk.agents.kit.acp.client import opening
from clinvk.agents.kit.argv import refuse_effort
from clinvk.agents.kit.jsonl import count, mapping, parse_object, text
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, total_usage

if TYPE_CHECKING:
    from clinvk.agents.kimi.wire_log import WireLog

_CONFIG, _TRUSTED = "config.toml", "trusted"
_MAX_STEPS = "KIMI_LOOP_MAX_STEPS_PER_TURN"


class Agent(Backend):
    """Kimi Code: it asks before each change, and clinvk answers at every access."""

    title = "Kimi Code"
    finds_conversation = "nowhere else"
    executable = "kimi"
    install_hint = "npm install -g @moonshot-ai/kimi-code"
    signs_in = "run `kimi login`"
    preference = 100
    tested_versions = ("2.1.0",)
    oldest_version = "0.43.1"  # no older one was tried
    always_asks = True
    tools = (
        "Agent AgentSwarm AskUserQuestion Bash CronCreate CronDelete CronList Edit EnterPlanMode "
        "ExitPlanMode FetchURL Glob Grep Read ReadMediaFile Skill TaskList TaskOutput TaskStop "
        "TodoList WebSearch Write"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.SYSTEM_PROMPT: "its protocol has no place for one",
        Capability.NEW_SYSTEM_PROMPT: "its protocol has no place for one",
        Capability.EPHEMERAL: "it keeps every conversation",
        Capability.OWN_ID: "it chooses the conversation's id itself",
        Capability.COST: "it reports tokens but no cost",
        Capability.FORK: "it forks with a separate command, not with an option",
        Capability.ANSWER_SCHEMA: "it has no such option",
        Capability.ADD_DIR: "it takes further directories only when a conversation begins",
        Capability.BUDGET: "it has no such option",
    }
    project_files = tuple(
        ProjectFile(name, '"mcpServers"', always=True)
        for name in (".mcp.json", ".kimi-code/mcp.json")
    )
    conversation_ids = re.compile(r"session_[0-9A-Za-z-]{1,100}")
    access_options = (
        AccessOption(("--yolo", "-y", "--auto", "--plan"), takes_value=False),
        AccessOption(("--agent", "--agent-file", "--add-dir", "--skills-dir")),
    )

    def invocation(self, request: TurnRequest) -> Invocation:
        """A dialogue: its prompt is sent once the conversation is open.

        In a git repository it changes the files of its directory without asking, and so do its
        sub-agents in its plan mode (2.1.0). So it gets no other way to write than through clinvk,
        and in a read-only turn none to run a command, whatever a person's settings allow.
        """
        limited = request.max_turns is not None
        return Invocation(
            argv=(self.executable, "acp", *request.backend_args),
            stdin=opening(files=True, terminal=request.access is Access.READ_ONLY),
            cwd=request.cwd,
            env={_MAX_STEPS: str(request.max_turns)} if limited else {},
            dialogue=True,
        )

    def parser(self, request: TurnRequest) -> Parser:
        """A parser of its protocol."""
        from clinvk.agents.kimi.live import KimiLiveParser

        return KimiLiveParser(request)

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for another directory."""
        super().refuse_unsupported(request)
        if request.elsewhere:
            # It continues in the directory where the conversation began (2.1.0).
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot continue a session in another directory",
                hint="leave `-w` out, or start a new session there",
            )

    def runs_always(self, request: TurnRequest) -> bool:
        """Whether a person trusts the directory in its screen, which does not open without that.

        Only there it reads settings of a directory. A link may be trusted by its other name.
        """
        return request.cwd.name in {Path(root).name for root in _trusted(request)}

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The directories that the person trusts."""
        if access is not Access.READ_ONLY:
            return {}
        return {_TRUSTED: _root(user_home, environ) / "workspace-trust" / "*"}

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen, which asks the person.

        In a git repository it does not ask before it changes files (2.1.0).
        """
        if request.access is Access.READ_ONLY:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot be read-only in its screen: nothing there takes its"
                " tools away",
                hint="give a prompt, or choose another `--access`",
            )
        refuse_effort(self.name, request)
        argv = [self.executable]
        if request.resume:
            argv.append(f"--session={request.conversation}")
        if request.model is not None:
            argv.append(f"--model={request.model}")
        if request.access is Access.FULL:
            argv.append("--yolo")
        return Invocation(argv=(*argv, *request.backend_args), stdin=b"", cwd=request.cwd)

    def native(self) -> "WireLog":
        """The reader of its own files."""
        from clinvk.agents.kimi.wire_log import WireLog

        return WireLog()

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result with its figures, and with the failure that the protocol does not tell."""
        del request
        prompts = count(mapping(result.counters).get("prompts"))
        result = replace(result, counters=None)
        if not prompts or result.stop_reason is StopReason.CANCELLED:
            return result
        from clinvk.agents.kimi.failures import failure_of_turn
        from clinvk.agents.kimi.wire_log import last_turns

        turns = last_turns(prompts, lines)
        used = [turn.usage for turn in turns]
        whole = len(turns) == prompts and all(one.known for one in used)
        usage = total_usage(used) if whole else UNKNOWN_USAGE
        if turns and turns[-1].text and result.text.endswith(turns[-1].text):
            # It streams also what it says again after a failure, and notices of its own (2.1.0).
            result = replace(result, text=turns[-1].text)
        found = failure_of_turn(turns[-1]) if turns else None
        if found is None:
            return replace(result, usage=usage)
        why, stop_reason = found
        return replace(result, usage=usage, failure=why, stop_reason=stop_reason)

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The events of its main agent."""
        return _files(user_home, environ, f"{escape(conversation)}/agents/main/wire.jsonl")

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """Its state, with the title."""
        return _files(user_home, environ, f"{escape(conversation)}/state.json")

    def all_conversations(self, user_home: Path, environ: Mapping[str, str]) -> ConversationFiles:
        """The state of every conversation."""
        return _files(user_home, environ, "session_*/state.json")

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """What its login writes, a configuration with a provider, or the key of one."""
        root = _root(user_home, environ)
        files = (root / "credentials", root / _CONFIG)
        return SignIn(variables=("KIMI_MODEL_API_KEY",), files=files)

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen; it has to run in the conversation's directory."""
        return (self.executable, f"--session={conversation}")


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("KIMI_CODE_HOME")
    return Path(home) if home else user_home / ".kimi-code"


def _files(user_home: Path, environ: Mapping[str, str], pattern: str) -> ConversationFiles:
    return ConversationFiles(_root(user_home, environ) / "sessions", f"*/{pattern}")


def _trusted(request: TurnRequest) -> Iterator[str]:
    """The directories of the trust records."""
    for line in request.texts.get(_TRUSTED, "").splitlines():
        yield text((parse_object(line) or {}).get("root"))
