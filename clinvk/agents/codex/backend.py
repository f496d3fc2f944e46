"""Codex: headless by `codex exec --json`, and by `codex app-server` where it asks.

Tested with a mock model server.
"""

from collections.abc import Iterable, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, SignIn
from clinvk.agents.codex.settings import effort, instructions, toml_string, untrusted
from clinvk.agents.kit.argv import refuse_commas, refuse_long_system_prompt
from clinvk.agents.kit.ids import UUID, conversation_id
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.events import Json
from clinvk.model.outcome import Outcome
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

if TYPE_CHECKING:
    from clinvk.agents.base import Parser
    from clinvk.agents.codex.rollout import Rollouts

_HEADLESS = ("codex", "exec", "--json", "--skip-git-repo-check")

_LIVE = ("codex", "app-server")

_SANDBOX = {
    Access.ASK: "read-only",
    Access.READ_ONLY: "read-only",
    Access.EDIT: "workspace-write",
    Access.FULL: "danger-full-access",
}

_SANDBOX_OPTION = AccessOption(
    ("--sandbox", "-s"),
    values={name: access for access, name in _SANDBOX.items() if access is not Access.ASK},
)
_ACCESS_SETTINGS: Mapping[str, AccessOption] = {
    "sandbox_mode": _SANDBOX_OPTION,
    "approval_policy": AccessOption((), Access.EDIT, values={"never": Access.READ_ONLY}),
    **{key: AccessOption(()) for key in ("permissions", "default_permissions")},
    **{
        key: AccessOption((), Access.EDIT)
        for key in (
            *("sandbox_workspace_write", "sandbox_permissions", "projects", "mcp_servers"),
            *("notify", "hooks", "plugins", "model_providers", "approvals_reviewer"),
            *("zsh_path", "agents", "apps", "marketplaces"),
        )
    },
}
"""Settings for what it may do, or with programs that it runs outside of its sandbox."""

_CHILD_VARIABLES = (
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
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""


_RULES = "rules/*.rules"
"""Commands that the person allowed permanently, in its screen (`default.rules`) or by hand.

0.98.0 and 0.171.0 run them outside of the sandbox, even if that is read-only. Ignoring the rules
also drops those that forbid something, but in a read-only sandbox nothing can be changed.
"""


class Agent(Backend):
    """Codex's CLI: it chooses the conversation's id, and prints only complete messages."""

    title = "Codex"
    finds_conversation = "anywhere"
    executable = "codex"
    install_hint = "npm install -g @openai/codex"
    signs_in = "run `codex login`"
    preference = 20
    tested_versions = ("0.171.0",)
    oldest_version = "0.44.0"  # 0.42.0 has another output format
    tools = "command_execution file_change web_search"
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.NEW_SYSTEM_PROMPT: "it keeps the first system prompt of a conversation",
        Capability.MAX_TURNS: "it has no limit on the number of turns",
        Capability.OWN_ID: "it chooses the conversation's id itself",
        Capability.PARTIAL_MESSAGES: "it prints only whole messages, except where it asks",
        Capability.COST: "it reports tokens but no cost",
        Capability.DENIALS: "only its model learns what its sandbox refuses, except where it asks",
        Capability.FORK: "it forks with a separate command, not with an option",
        Capability.BUDGET: "it has no such option",
    }
    when_asking = frozenset({Capability.PARTIAL_MESSAGES, Capability.DENIALS})
    conversation_ids = UUID
    access_options = (
        AccessOption(("--dangerously-bypass-approvals-and-sandbox", "--yolo"), takes_value=False),
        AccessOption(("--dangerously-bypass-hook-trust",), takes_value=False),
        AccessOption(
            ("--full-auto", "--approve-for-me", "--trust", "--worktree"),
            Access.EDIT,
            takes_value=False,
        ),
        _SANDBOX_OPTION,
        # In another directory it may trust the project, and run programs that the project names.
        AccessOption(("--add-dir", "--remote", "--cd", "-C"), Access.EDIT),
        AccessOption(("--config", "-c"), keys=_ACCESS_SETTINGS),
    )
    project_files = (
        ProjectFile(".codex/config.toml", r"mcp_servers|notify|hooks|command"),
        ProjectFile(".codex/hooks.json"),
    )

    def invocation(self, request: TurnRequest) -> Invocation:
        """One headless turn, with the prompt on stdin.

        It never asks for approval: what the sandbox does not allow fails. The sandbox is set in
        each turn, because a resumed thread falls back to the configured one; like every option
        here it has to come before `resume`. To ask it has another channel.
        """
        return self._live(request) if request.access is Access.ASK else _headless(request)

    def _live(self, request: TurnRequest) -> Invocation:
        """One turn with `codex app-server`; the prompt follows once the thread is open."""
        from clinvk.agents.codex.live_start import live_arguments, opening
        from clinvk.agents.kit.json_rpc import JsonRpc

        if request.resume:
            conversation_id(request)
        arguments, _ = live_arguments(request)
        return Invocation(
            # Rules of a trusted project's own would run commands unasked, outside of the sandbox.
            argv=(
                *_LIVE,
                f"--config=projects={untrusted(request.cwd)}",
                *instructions(request),
                *effort(request),
                *arguments,
            ),
            stdin=b"".join(reply.data for reply in opening(JsonRpc(), request)),
            cwd=request.cwd,
            env_unset=_CHILD_VARIABLES,
            dialogue=True,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen.

        It asks the person for what the sandbox does not allow, but never in a read-only session.
        Where clinvk would ask, so does the screen, with the same sandbox.
        """
        if request.access is Access.READ_ONLY and _has_rules(request):
            raise BackendUnsupportedError(
                "backend `codex` cannot open a read-only interactive screen: commands that your"
                f" `{_RULES}` allow run outside of its sandbox",
                hint="give a prompt, choose another `--access`, or remove these rules",
            )
        headless = _headless(replace(request, prompt="", ephemeral=False))
        # Otherwise the server that it leaves running locks the thread for headless turns (0.169.0).
        argv = [self.executable, "--config=features.daemon_auto_start=false"]
        if request.access is Access.READ_ONLY:
            argv.append("--ask-for-approval=never")
        if request.access is Access.ASK:
            argv.append("--ask-for-approval=on-request")
        return replace(headless, argv=(*argv, *headless.argv[len(_HEADLESS) :][:-1]))

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The person's own rules: commands that they allow run outside of the sandbox."""
        read_only = access is Access.READ_ONLY
        return {_RULES: _root(user_home, environ) / _RULES} if read_only else {}

    def counters_in(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """The thread's totals; a resumed thread continues to count from them."""
        from clinvk.agents.codex.rollout import Rollouts
        from clinvk.agents.codex.totals import FIGURES

        return Rollouts(FIGURES).last_totals(lines)

    def usage_by(
        self, counters: Mapping[str, Json], request: TurnRequest, lines: Iterable[str] = ()
    ) -> Usage:
        """The difference of the totals; refused requests were not billed and are not included.

        If the totals are those of one run, a failed turn that counted nothing would get the figures
        of the turn before it, so its usage stays unknown.
        """
        from clinvk.agents.codex.rollout import Rollouts
        from clinvk.agents.codex.totals import FIGURES, baseline
        from clinvk.agents.kit.counters import usage_since

        before = baseline(request)
        began_at = Rollouts(FIGURES).totals_before_last_turn(lines)
        restarted = request.resume and began_at is not None and not any(began_at.values())
        if restarted and before is not None and any(before.values()):
            return UNKNOWN_USAGE
        return usage_since(counters, before, FIGURES)

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result with what was counted since the start of the thread's last turn."""
        del request
        if result.counters is None:
            return result
        from clinvk.agents.codex.rollout import Rollouts
        from clinvk.agents.codex.totals import FIGURES
        from clinvk.agents.kit.counters import usage_since

        began_at = Rollouts(FIGURES).totals_before_last_turn(lines)
        return replace(result, usage=usage_since(result.counters, began_at, FIGURES))

    def native(self) -> "Rollouts":
        """The reader of its rollouts, which have the same totals as headless runs."""
        from clinvk.agents.codex.rollout import Rollouts
        from clinvk.agents.codex.totals import FIGURES

        return Rollouts(FIGURES)

    def parser(self, request: TurnRequest) -> "Parser":
        """A parser that computes the difference of the thread's running totals."""
        if request.access is Access.ASK:
            from clinvk.agents.codex.app_server import AppServerParser
            from clinvk.agents.codex.live_start import live_arguments

            return AppServerParser(request, live_arguments(request)[1])
        from clinvk.agents.codex.thread_stream import ThreadParser

        return ThreadParser(request)

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for a system prompt that is too long for argv, and for options to ask with."""
        super().refuse_unsupported(request)
        if request.access is Access.ASK:
            from clinvk.agents.codex.live_start import live_arguments

            live_arguments(request)
        else:
            refuse_commas(self.name, (one.path for one in request.images))
        refuse_long_system_prompt(self.name, toml_string(request.system_prompt or ""))

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The thread's rollout, in a folder for the day it began."""
        pattern = f"*/*/*/rollout-*-{escape(conversation)}.jsonl"
        return ConversationFiles(
            _root(user_home, environ) / "sessions", pattern, holds=self.native().has_content
        )

    def all_conversations(self, user_home: Path, environ: Mapping[str, str]) -> ConversationFiles:
        """All rollouts."""
        return ConversationFiles(_root(user_home, environ) / "sessions", "*/*/*/rollout-*.jsonl")

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The index of named threads; only its own screen names a thread."""
        del conversation
        return ConversationFiles(_root(user_home, environ), "session_index.jsonl")

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or the file that its login writes."""
        file = _root(user_home, environ) / "auth.json"
        return SignIn(variables=("CODEX_API_KEY",), files=(file,))

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command that opens the agent's own screen."""
        return (self.executable, "resume", conversation)


def _headless(request: TurnRequest) -> Invocation:
    argv = [*_HEADLESS]
    if request.access is not None:
        argv.append(f"--sandbox={_SANDBOX[request.access]}")
    if request.access in {Access.READ_ONLY, Access.ASK}:  # the latter for the screen
        argv.append(f"--config=projects={untrusted(request.cwd)}")
    if request.access is Access.READ_ONLY and _has_rules(request):
        argv.append("--ignore-rules")
    if request.model is not None:
        argv.append(f"--model={request.model}")
    argv += instructions(request)
    argv += [f"--add-dir={directory}" for directory in request.add_dirs]
    argv += effort(request)
    argv += [f"--image={one.path}" for one in request.images]
    if request.schema is not None:
        argv.append("--output-schema={schema}")
    if request.ephemeral:
        argv.append("--ephemeral")
    argv += request.backend_args
    if request.resume:
        argv += ["resume", conversation_id(request)]
    return Invocation(
        argv=(*argv, "-"),
        stdin=request.prompt.encode("utf-8", errors="replace"),
        cwd=request.cwd,
        env_unset=_CHILD_VARIABLES,
        files={} if request.schema is None else {"schema": request.schema},
    )


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get("CODEX_HOME")
    return Path(home) if home else user_home / ".codex"


def _has_rules(request: TurnRequest) -> bool:
    return bool(request.texts.get(_RULES, "").strip())
