"""Factory's Droid, run headless on its JSON-RPC channel; tested with 0.215.0 and a mock model.

Its plain `droid exec` is not used: it continues a conversation only for a person who is signed in
(`-s` asks Factory's servers, and fails without a word), else as a copy with a new id. It prints no
pieces of an answer and no retries, and runs any command that its model calls harmless. The channel
has none of these limits, and needs no account for a model of one's own.
"""

from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clinvk.agents.base import Backend, Capability, ConversationFiles, SignIn
from clinvk.agents.kit.ids import UUID
from clinvk.agents.kit.json_rpc import JsonRpc
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile
from clinvk.model.request import Invocation, TurnRequest

if TYPE_CHECKING:
    from clinvk.agents.droid.session_file import SessionFile
    from clinvk.agents.droid.turn import DroidParser

_FORMAT = "stream-jsonrpc"
_HEADLESS = ("exec", f"--input-format={_FORMAT}", f"--output-format={_FORMAT}")
_HOME = "FACTORY_HOME_OVERRIDE"

_CHILD_VARIABLES = (
    "BUN_PTY_LIB",
    "FACTORY_DISABLE_SETTINGS_PERSISTENCE",
    "FACTORY_EXEC_TARGET_AUTONOMY",
)
"""Variables that it sets for its children; a run that clinvk starts there is not one of them."""

_IGNORED = (
    *("-m", "--model", "-r", "--reasoning-effort", "--spec-model", "--spec-reasoning-effort"),
    *("-s", "--session-id", "--fork", "-f", "--file", "-o", "--output-format", "--input-format"),
    *("--only-tools", "--add-tools", "--remove-tools", "--cwd", "--mission", "--use-spec"),
)
"""Options that its channel checks and then ignores, or that would end the channel."""

_PROGRAMS = (
    '"(hooks|commandAllowlist|mcpServers|enabledPlugins|extraKnownMarketplaces|env|statusLine'
    '|permissionRules|customModels)"'
)
"""Settings that name programs or sources of programs, or that let commands run unasked."""


class Agent(Backend):
    """Droid's CLI: each turn is a dialogue, in which clinvk answers what it asks."""

    title = "Droid"
    finds_conversation = "nowhere else"
    executable = "droid"
    install_hint = "npm install -g droid"
    signs_in = "run `droid` and follow its login"
    preference = 90
    tested_versions = ("0.215.0",)
    oldest_version = "0.215.0"  # 0.117.0 does not answer on this channel
    tools = (
        "ApplyPatch AskUser Create Edit Execute ExitSpecMode FetchUrl GenerateImage Glob Grep LS "
        "Read Script Skill Task TaskOutput TaskStop TodoWrite ToolSearch WebSearch"
    )
    always_asks = True
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.MAX_TURNS: "it has no limit on the number of turns",
        Capability.EPHEMERAL: "it keeps every conversation",
        # 0.215.0 mixes a new conversation into the file of an earlier one with the same id.
        Capability.OWN_ID: "it does not notice that an id is in use",
        Capability.SCREEN: (
            "its screen has no option for the model or for fewer tools, and its files do not say"
            " when a conversation began"
        ),
        Capability.COST: "it reports tokens but no cost",
        Capability.TITLE: "clinvk names its conversations, so that it asks no model for a title",
        Capability.FORK: "it has no such option on the channel that clinvk uses",
        Capability.ADD_DIR: "it has no such option",
        Capability.EFFORT: "its levels differ from model to model",
        Capability.BUDGET: "it has no such option",
    }
    conversation_ids = UUID
    access_options = (
        AccessOption(("--skip-permissions-unsafe",), takes_value=False),
        AccessOption(("--auto", "--settings")),
        AccessOption(("--worktree", "-w"), Access.EDIT),
    )
    project_files = (
        ProjectFile(".factory/settings.json", _PROGRAMS),
        ProjectFile(".factory/settings.local.json", _PROGRAMS),
        ProjectFile(".factory/mcp.json", "command"),
    )

    def invocation(self, request: TurnRequest) -> Invocation:
        """The child; the conversation is opened on stdin, and the prompt follows as a reply."""
        from clinvk.agents.droid.opening import (
            ENVELOPE,
            open_conversation,
            runtime_settings,
        )

        argv, files = [self.executable, *_HEADLESS], {}
        if (settings := runtime_settings(request)) is not None:
            argv.append("--settings={settings}")
            files["settings"] = settings
        if request.system_prompt is not None:
            argv.append("--append-system-prompt-file={system_prompt}")
            files["system_prompt"] = request.system_prompt
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=open_conversation(JsonRpc(ENVELOPE), request).data,
            cwd=request.cwd,
            env_unset=_CHILD_VARIABLES,
            files=files,
            dialogue=True,
        )

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise also for another directory, and for options that the channel ignores.

        0.215.0 works in the directory in which the conversation began, and changes it only to one
        that was trusted in its own screen.
        """
        super().refuse_unsupported(request)
        for argument in request.backend_args:
            if (option := argument.partition("=")[0]) in _IGNORED:
                raise BackendUnsupportedError(
                    f"backend `{self.name}` ignores `{option}` on the channel that clinvk uses",
                    hint="leave it out, or use clinvk's own option if there is one",
                )
        if request.elsewhere:
            raise BackendUnsupportedError(
                f"backend `{self.name}` cannot continue a session in another directory",
                hint="leave `-w` out, or start a new session there",
            )

    def parser(self, request: TurnRequest) -> "DroidParser":
        """A parser that speaks the channel's protocol."""
        from clinvk.agents.droid.turn import DroidParser

        return DroidParser(request)

    def native(self) -> "SessionFile":
        """The reader of its sessions."""
        from clinvk.agents.droid.session_file import SessionFile

        return SessionFile()

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The session's file, in a folder named after the directory that it was started in."""
        root = _root(user_home, environ) / "sessions"
        pattern = f"*/{escape(conversation)}.jsonl"
        return ConversationFiles(root, pattern, holds=self.native().has_content)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """A key in the environment, or the file that its login writes.

        A model of one's own, in its settings, needs neither.
        """
        root = _root(user_home, environ)
        names = ("auth.v2.file", "auth.encrypted", "auth.v2.keyring")
        return SignIn(variables=("FACTORY_API_KEY",), files=tuple(root / name for name in names))

    def native_resume(self, conversation: str) -> tuple[str, ...]:
        """The command for the agent's own screen."""
        return (self.executable, "--resume", conversation)


def _root(user_home: Path, environ: Mapping[str, str]) -> Path:
    home = environ.get(_HOME)
    return (Path(home) if home else user_home) / ".factory"
