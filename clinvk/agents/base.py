"""The contract of every backend: two pure functions and some facts.

A backend starts nothing, opens nothing, and reads no clock and no environment. It converts a
request into an `Invocation`, and the child's lines into events and, in a dialogue, replies. Files
that have to be read for it are declared as data (`ConversationFiles`, `ConversationRows`), and the
store reads them.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from clinvk.agents.capability import HINTS, Capability, features_of
from clinvk.agents.capability import WITHOUT_OPTION as WITHOUT_OPTION  # noqa: PLC0414  for agents
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.agent_facts import ProjectFile, Retention, SignIn
from clinvk.model.conversation import ConversationFiles, ConversationRows, Conversations
from clinvk.model.events import Event, Json, PermissionAnswer
from clinvk.model.outcome import Outcome
from clinvk.model.request import Invocation, Reply, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

if TYPE_CHECKING:  # loaded only where an agent's own files are read
    from clinvk.agents.kit.native import Native

__all__ = [
    "Backend",
    "Capability",
    "ConversationFiles",
    "ConversationRows",
    "Parser",
    "Reply",
    "Retention",
    "SignIn",
]

_FoundIn = Literal["anywhere", "where it began", "nowhere else"]


class Parser(ABC):
    """Converts one child's output into events. It never raises, whatever the input is."""

    @abstractmethod
    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events of one line of stdout (without its line end); unknown lines become `Raw`.

        It may return replies between them, and a `Result` at most once, which ends the turn's
        events.
        """

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The replies that tell the agent the answer to its request, and events about it.

        Called once for each `PermissionRequest` that `feed` returned. Only for an agent that can
        ask, with an `Invocation` that is a `dialogue`.
        """
        del answer
        return ()

    @property
    def settled(self) -> bool:
        """Whether the turn appears to be complete, so that the child should exit now.

        Only for an agent whose `Result` comes from `finish`, because more may follow its answer.
        """
        return False

    @property
    def speaks(self) -> bool:
        """Whether the child has shown that it speaks the protocol; see `Invocation`."""
        return True

    @abstractmethod
    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The events at the child's end: exactly one `Result` if `feed` returned none.

        `exit_code` is negative for a signal (as in `subprocess`) and None if clinvk stopped the
        child itself.
        """


class Backend(ABC):
    """An agent's CLI: how to call it and how to parse its output."""

    name: ClassVar[str]
    """The name of its folder; set by the registry."""

    title: ClassVar[str]
    """The agent's name, as its makers write it."""

    executable: ClassVar[str]
    """The name of the program on PATH."""

    other_programs: ClassVar[tuple[str, ...]] = ()
    """Programs installed with it that an `Invocation` may start in its place, by their names."""

    install_hint: ClassVar[str]
    """How to install it: one command or one sentence."""

    signs_in: ClassVar[str] = ""
    """How to sign in, as a sentence with the command that a person types."""

    preference: ClassVar[int | None] = None
    """The installed agent with the lowest number is the default; None is never the default.

    The program of one with a number has the name of its folder, so that it can be found without
    importing the backend (`tests/unit/test_architecture.py`).
    """

    tested_versions: ClassVar[tuple[str, ...]] = ()
    """The CLI versions in the end-to-end tests."""

    oldest_version: ClassVar[str | None] = None
    """The oldest version of the CLI that is known to work, None if that is unknown."""

    tools: ClassVar[str] = ""
    """The names of its tools as its events have them, with blanks between: for rules that match."""

    lacks: ClassVar[Mapping[Capability, str]] = {}
    """What the CLI cannot do, with the reasons; it can do everything else."""

    when_asking: ClassVar[frozenset[Capability]] = frozenset()
    """What of `lacks` it can do where it asks (`Access.ASK`), on that channel."""

    lacks_when_asking: ClassVar[Mapping[Capability, str]] = {}
    """What it can do, but not where it asks (`Access.ASK`), with the reasons."""

    always_asks: ClassVar[bool] = False
    """Whether clinvk answers its requests at every access level, not only at `Access.ASK`."""

    ways: ClassVar[Mapping[Capability, str]] = {}
    """How to use each of `WITHOUT_OPTION`: an argument to pass on, or words for the prompt."""

    project_files: ClassVar[tuple[ProjectFile, ...]] = ()
    """Files in a repository that can name programs, which the agent runs without asking."""

    conversation_ids: ClassVar[re.Pattern[str]] = re.compile(r"(?a)[A-Za-z0-9][\w.:/@+-]{0,199}")
    """The format of its conversations' ids."""

    finds_conversation: ClassVar[_FoundIn | None] = None
    """Where it can continue a conversation: in any directory, or only in the one where it began.

    `nowhere else`: elsewhere it never ends, or works in the old directory. None is not known.
    """

    access_options: ClassVar[tuple[AccessOption, ...]] = ()
    """Its options for what it may do; they must not allow more than `--access`."""

    reads_variables: ClassVar[tuple[str, ...]] = ()
    """The user's variables that `invocation` needs: `TurnRequest.environ`."""

    variables: ClassVar[tuple[str, ...]] = ()
    """Variables named `CLINVK_…` that its program reads, if the program is part of clinvk."""

    @abstractmethod
    def invocation(self, request: TurnRequest) -> Invocation:
        """The child process for this turn."""

    @abstractmethod
    def parser(self, request: TurnRequest) -> Parser:
        """A new parser for that child's output.

        It needs the request because an agent's counters may cover its whole conversation: the
        turn's own figures are then the difference to `request.counters`.
        """

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The files that `invocation` needs for this access, by their key in `TurnRequest.texts`.

        A `*` in the name means all matching files, as one text.
        """
        del access, user_home, environ
        return {}

    def trusted_folders(self, texts: Mapping[str, str]) -> Sequence[str] | None:
        """The only folders in which it runs what is `always` run; None (the default): all."""
        del texts
        return None

    def is_conversation(self, conversation: str) -> bool:
        """Whether that is a valid conversation id; only valid ones get into commands and paths."""
        return ".." not in conversation and bool(self.conversation_ids.fullmatch(conversation))

    def runs_always(self, request: TurnRequest) -> bool:  # noqa: ARG002  for a backend's own
        """Whether it runs the `always` programs of its `project_files` in this directory."""
        return True

    def changes_conversation(self, request: TurnRequest) -> bool:
        """Whether a resumed turn should get another id, because its arguments ask for a fork.

        Otherwise, an agent that reports another conversation has lost the requested one.
        """
        fork = self.ways.get(Capability.FORK)
        return fork is not None and any(
            argument == fork or argument.startswith(f"{fork}=") for argument in request.backend_args
        )

    def locate_program(self, python: str) -> tuple[str, ...]:
        """The start of argv: the program's bare name, unless the program is part of clinvk."""
        del python
        return (self.executable,)

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> Conversations | None:
        """The place of this conversation in the agent's files, None if it is unknown."""
        del conversation, user_home, environ
        return None

    def screen(self, request: TurnRequest) -> Invocation | None:
        """The agent's own interactive screen for the request's conversation, run in the terminal.

        Its permissions are those of a headless turn, or it asks the person; `prompt` and
        `max_turns` are ignored. None if the agent has no screen, which is then among `lacks`.
        """
        del request
        return None

    def native(self) -> "Native | None":
        """The reader of the agent's own conversation files, None if there is none."""
        return None

    def counters_in(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """The conversation's counters from its own file, in the form of `Result.counters`.

        `lines` are the lines of the file in reverse order, read only as far as needed. For an agent
        whose counters cover the whole conversation: only these include what was used outside
        clinvk, or in a turn that was cut off. None (the default) if the agent's figures need no
        earlier ones, or the file has none.
        """
        del lines
        return None

    def usage_by(
        self, counters: Mapping[str, Json], request: TurnRequest, lines: Iterable[str] = ()
    ) -> Usage:
        """What the turn used, from the `counters` in the agent's file after it; unknown by default.

        Only called for an agent with `counters_in`, and for a failed turn without figures. `lines`
        are as in `counters_in`.
        """
        del counters, request, lines
        return UNKNOWN_USAGE

    def with_figures(self, result: Outcome, request: TurnRequest, lines: Iterable[str]) -> Outcome:
        """The result with what the turn used, or why it failed, if only the agent's file tells it.

        Called for a successful turn without figures; `lines` as in `counters_in`. By default the
        figures stay unknown.
        """
        del request, lines
        return result

    def not_before(self, request: TurnRequest, names: Iterable[str]) -> datetime | None:
        """When the turn may continue its conversation at the earliest, None if at once.

        `names` are those of the conversation's files, which are only looked up on demand.
        """
        del request, names
        return None

    def all_conversations(
        self, user_home: Path, environ: Mapping[str, str]
    ) -> Conversations | None:
        """The place of all conversations; only needed if the agent chooses their ids itself."""
        del user_home, environ
        return None

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> Conversations | None:
        """The place of the title that the agent makes; one that makes none says so in `lacks`."""
        del conversation, user_home, environ
        return None

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn | None:
        """What shows that the person has signed in, None if that is unknown."""
        del user_home, environ
        return None

    def way_to_sign_in(self, user_home: Path, environ: Mapping[str, str]) -> str:
        """What to type to sign in, and the variable that takes a key instead, if there is one."""
        own = f"sign in with `{self.executable}` itself"
        way = f"sign in: {self.signs_in}" if self.signs_in else own
        signs = self.sign_in(user_home, environ)
        keys = signs.variables[:1] if signs else ()
        return ", or ".join((way, *(f"set `{key}` to a valid key" for key in keys)))

    def retention_settings(self, user_home: Path, environ: Mapping[str, str]) -> Path | None:
        """The agent's file that sets how long it keeps conversations, None if it has none."""
        del user_home, environ
        return None

    def retention(self, settings: str | None) -> Retention | None:
        """How long the agent keeps a conversation according to that file, None if forever.

        `settings` is None if the file does not exist. Never raises: for a text that cannot be
        parsed the answer is None as well, because then it is unknown.
        """
        del settings
        return None

    def keeps_resumed(self, settings: str | None) -> str | None:
        """The setting that keeps the agent from deleting a resumed conversation.

        `settings` is as in `retention`; None if no setting is needed, or if that is unknown.
        """
        del settings
        return None

    def native_resume(self, conversation: str) -> Sequence[str] | None:
        """The argv that opens the conversation in the agent's own screen, None if it has none."""
        del conversation
        return None

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise `BackendUnsupportedError` for the first requested feature that the CLI lacks."""
        asked = features_of(request)
        for capability in asked:
            if capability in self.lacks:
                raise self.unsupported(capability)
        for capability, why in self.lacks_when_asking.items():
            if request.access is Access.ASK and capability in asked:
                raise BackendUnsupportedError(
                    f"backend `{self.name}` cannot do this where it asks: {why}",
                    hint="choose `--access read-only`, `edit` or `full`, or leave the option out",
                )

    def unsupported(self, capability: Capability) -> BackendUnsupportedError:
        """The error for a request that needs a missing feature, with the reason."""
        why = self.lacks.get(capability, "it has no such feature")
        return BackendUnsupportedError(
            f"backend `{self.name}` cannot do this: {why}",
            hint=HINTS.get(capability, "choose another backend with `-b`"),
        )
