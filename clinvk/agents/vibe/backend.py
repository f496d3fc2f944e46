"""Mistral Vibe, run headless with a stream of JSON lines; tested with 3.0.2 and a mock model."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser, SignIn
from clinvk.agents.kit.argv import refuse_ignored_options
from clinvk.agents.kit.ids import UUID, conversation_id
from clinvk.agents.kit.jsonl import count, mapping
from clinvk.agents.vibe.settings import NAME
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.events import Json
from clinvk.model.outcome import Outcome
from clinvk.model.request import FOLDER, Invocation, TurnRequest
from clinvk.model.usage import Usage

if TYPE_CHECKING:
    from clinvk.agents.vibe.journal import Journal

# `-p` without a prompt reads it from stdin.
_HEADLESS = ("vibe", "-p", "--output=streaming")
_LIVE = ("vibe-acp",)

_HOME = "VIBE_HOME"
_MODEL, _MODELS = "VIBE_ACTIVE_MODEL", "VIBE_MODELS"
_PROFILES, _ENABLED, _DEFAULT = "VIBE_AGENT_PATHS", "VIBE_ENABLED_AGENTS", "VIBE_DEFAULT_AGENT"
_LOGGING = "VIBE_SESSION_LOGGING__ENABLED"
_CONFIG, _TRUSTED = "config.toml", "trusted_folders.toml"

_ITS_OWN: Mapping[Access, str] = {Access.EDIT: "accept-edits", Access.FULL: "auto-approve"}
"""Its own profiles, where they suffice.

A person can have another `ask`. And a conversation goes on in the profile and with the model of its
last turn, whatever its options say (3.0.2): only a profile that it has no choice but to take, and
what that sets, come before these.
"""

_SUB_AGENT = "explore"
"""Its profile for a sub-agent, which may do no more than the agent itself."""

_ONLY_EDITS: Mapping[str, str] = {
    "VIBE_BYPASS_TOOL_PERMISSIONS": "false",
    "VIBE_TOOLS": '{"bash": {"permission": "ask"}}',
}
"""What a profile that allows edits leaves to the settings, also to a repository's (3.0.2)."""

_FROM_OUTSIDE = ("VIBE_APP_SERVER_BIN", "VIBE_CWD")
"""Variables that it sets for its children, and one with a directory that it changes to."""


class Agent(Backend):
    """Mistral's CLI: it chooses the conversation's id, and prints only complete messages.

    A turn that may do less than its default, or has a system prompt, has a profile of its own: see
    `profile.py`.
    """

    title = "Mistral Vibe"
    finds_conversation = "nowhere else"
    executable = "vibe"
    other_programs = _LIVE
    install_hint = "uv tool install mistral-vibe"
    signs_in = "run `vibe --setup`"
    preference = 100
    tested_versions = ("3.0.2",)
    oldest_version = "3.0.2"  # no older one was tried
    tools = (
        "bash edit grep read_file run_typescript search_tool_functions skill task todo "
        "unified_harness_scratchpad web_fetch web_search write_file"
    )
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.OWN_ID: "it chooses the conversation's id itself",
        Capability.PARTIAL_MESSAGES: "it prints only whole messages, except where it asks",
        Capability.COST: "it tells a cost only in the folder of its export",
        Capability.FORK: "it has no such option",
        Capability.IMAGES: "it has no such option",
        Capability.ANSWER_SCHEMA: "it has no such option",
    }
    when_asking = frozenset({Capability.PARTIAL_MESSAGES})
    lacks_when_asking: ClassVar[Mapping[Capability, str]] = {
        Capability.MAX_TURNS: "it has no limit on the number of turns there",
        Capability.ADD_DIR: "it takes no further directory there",
    }
    # It would take the beginning of an id for the id.
    conversation_ids = UUID
    access_options = (
        AccessOption(("--auto-approve", "--yolo", "--smart-approve"), takes_value=False),
        AccessOption(("--agent",), values={"ask": Access.READ_ONLY, "accept-edits": Access.EDIT}),
        AccessOption(("--enabled-tools", "--add-dir", "--worktree"), Access.EDIT),
        AccessOption(("--trust",), Access.EDIT, takes_value=False),
    )
    reads_variables = (_DEFAULT, _MODEL)
    # Only of a directory that the person trusts; 3.0.2 has no option against them.
    project_files = (
        ProjectFile(".vibe/hooks.toml", "command", always=True),
        ProjectFile(".vibe/config.toml", "command|_paths", always=True),
        ProjectFile(".vibe/tools/*.py", always=True),
        ProjectFile(".vibe/plugins/*/*", always=True),
    )
    ways: ClassVar[Mapping[Capability, str]] = {Capability.BUDGET: "--max-price=USD"}

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn, with the prompt on stdin; if it asks, a dialogue."""
        if request.access is Access.ASK:
            from clinvk.agents.kit.acp.client import opening

            live = self._invocation(request, list(_LIVE))
            return replace(live, stdin=opening(), dialogue=True)
        limit = [] if request.max_turns is None else [f"--max-turns={request.max_turns}"]
        return self._invocation(request, [*_HEADLESS, *_options(request), *limit])

    @staticmethod
    def _invocation(request: TurnRequest, argv: list[str]) -> Invocation:
        env: dict[str, str] = {}
        files: dict[str, str] = {}
        if request.model is not None or request.effort is not None:
            env |= _model_variables(request)
        if request.ephemeral:
            env[_LOGGING] = "false"
        profile = _profile(request)
        if profile == _ITS_OWN[Access.EDIT]:
            env |= _ONLY_EDITS
        if profile == NAME:
            from clinvk.agents.vibe.profile import written

            files[f"{NAME}.toml"] = written(request, _config(request))
            only = json.dumps([NAME, _SUB_AGENT])
            env |= {_PROFILES: json.dumps([f"{{{FOLDER}}}"]), _ENABLED: only, _DEFAULT: NAME}
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
            env=env,
            env_unset=_FROM_OUTSIDE,
            files=files,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The agent's own interactive screen; without an access, it has its own default."""
        return replace(self._invocation(request, [self.executable, *_options(request)]), stdin=b"")

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The person's own settings, and which directories they trust."""
        del access
        root = _root(user_home, environ)
        return {name: root / name for name in (_CONFIG, _TRUSTED)}

    def runs_always(self, request: TurnRequest) -> bool:
        """Whether it reads anything of a directory: only if the person trusts it, or added it."""
        from clinvk.agents.vibe.settings import is_trusted, parse_config

        return bool(request.add_dirs) or is_trusted(
            parse_config(request.texts.get(_TRUSTED) or ""), request.cwd
        )

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for another directory: 3.0.2 silently works in the conversation's own one."""
        super().refuse_unsupported(request)
        if request.access is Access.ASK:
            refuse_ignored_options(self.name, request, ("--max-price", "--max-tokens"))
        if request.elsewhere:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot continue a session in another directory",
                hint="leave `-w` out, or start a new session there",
            )

    def parser(self, request: TurnRequest) -> Parser:
        """A parser of the history's entries; the figures are in its own files."""
        if request.access is Access.ASK:
            from clinvk.agents.vibe.live import VibeLiveParser

            return VibeLiveParser(request)
        from clinvk.agents.vibe.entries import EntryParser

        return EntryParser(request)

    def native(self) -> "Journal":
        """The reader of its sessions."""
        from clinvk.agents.vibe.journal import Journal

        return Journal()

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The conversation's journal, and the earlier entries that were taken out of it."""
        return ConversationFiles(
            _sessions(user_home, environ), f"{conversation}/*/*.json*", parts=True
        )

    def all_conversations(self, user_home: Path, environ: Mapping[str, str]) -> ConversationFiles:
        """What it notes of each conversation."""
        return ConversationFiles(_sessions(user_home, environ), "*/meta.json", whole=True)

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """What it notes of a conversation; a title is made only in its own screen."""
        return ConversationFiles(_sessions(user_home, environ), f"{conversation}/meta.json")

    def counters_in(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """What the conversation used in all, by its journal."""
        return self.native().totals(lines)

    def usage_by(
        self, counters: Mapping[str, Json], request: TurnRequest, lines: Iterable[str] = ()
    ) -> Usage:
        """What its requests since the last prompt used."""
        del counters, request
        return self.native().used_by_last_turn(lines)

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result with the figures of its requests, which the stream does not have."""
        if request.ephemeral:
            return result
        if (count(mapping(result.counters).get("prompts")) or 1) == 1:
            usage = self.native().used_by_last_turn(lines)
        else:  # the journal begins anew with each prompt, so it has only the last one's requests
            usage = self.native().used_since(request, lines)
        return replace(result, usage=usage, counters=None)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """The key of its service, or the file in which its set-up writes it."""
        return SignIn(variables=("MISTRAL_API_KEY",), files=(_root(user_home, environ) / ".env",))

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen; it works in the conversation's directory."""
        return (self.executable, f"--resume={conversation}")


def _options(request: TurnRequest) -> list[str]:
    """The options for the conversation and the profile."""
    options = [f"--resume={conversation_id(request)}"] if request.resume else []
    if (profile := _profile(request)) is not None:
        options.append(f"--agent={profile}")
    return [*options, *(f"--add-dir={directory}" for directory in request.add_dirs)]


def _profile(request: TurnRequest) -> str | None:
    """The name of the profile; None for the one that the person has, or the conversation had."""
    its_own = _ITS_OWN.get(request.access) if request.access else None
    if request.system_prompt is not None or (request.access and its_own is None):
        return NAME
    if not request.resume:
        return its_own
    if request.access is None:
        from clinvk.agents.vibe.profile import usual_settings

        return None if usual_settings(request, _config(request)) is None else NAME
    return NAME


def _model_variables(request: TurnRequest) -> dict[str, str]:
    """The variables that choose the model and how much it thinks."""
    from clinvk.agents.vibe.settings import chosen_model, declaration

    config, variable = _config(request), request.environ.get(_MODEL) or ""
    model = chosen_model(config, request.model, variable)
    declared = declaration(config, model, variable, request.effort)
    variables = {} if request.model is None else {_MODEL: model}
    return variables | ({} if declared is None else {_MODELS: json.dumps({model: declared})})


def _config(request: TurnRequest) -> Mapping[str, Json]:
    from clinvk.agents.vibe.settings import parse_config

    return parse_config(request.texts.get(_CONFIG) or "")


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get(_HOME)
    return Path(home) if home else user_home / ".vibe"


def _sessions(user_home: Path, environ: Mapping[str, str]) -> Path:
    return _root(user_home, environ) / "logs" / "session" / "unified"
