"""The contract that every backend keeps: two pure functions and some facts.

A backend starts nothing, opens nothing, reads no clock and no environment. It turns a request into
an `Invocation`, and the child's lines into events. Whatever has to be looked at on disk on its
behalf it declares as data (`ConversationFiles`, `ConversationRows`), and the store looks.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.conversation import ConversationFiles, ConversationRows, Conversations
from clinvk.model.events import Event, Json
from clinvk.model.project_file import ProjectFile
from clinvk.model.request import Invocation, TurnRequest
from clinvk.model.retention import Retention
from clinvk.model.sign_in import SignIn
from clinvk.model.usage import UNKNOWN_USAGE, Usage

if TYPE_CHECKING:  # loaded only where an agent's own files are read
    from clinvk.agents.kit.native import Native

__all__ = [
    "Backend",
    "Capability",
    "ConversationFiles",
    "ConversationRows",
    "Parser",
    "Retention",
    "SignIn",
]


class Capability(StrEnum):
    """Something that one agent's CLI can do and another cannot."""

    RESUME = "resume"
    MODEL = "model"
    SYSTEM_PROMPT = "system_prompt"
    NEW_SYSTEM_PROMPT = "new_system_prompt"
    MAX_TURNS = "max_turns"
    EPHEMERAL = "ephemeral"
    READ_ONLY = "read_only"
    EDIT = "edit"
    FULL = "full"
    OWN_ID = "own_id"
    PARTIAL_MESSAGES = "partial_messages"
    COST = "cost"
    DENIALS = "denials"
    SCREEN = "screen"
    TITLE = "title"
    FORK = "fork"
    IMAGES = "images"
    ANSWER_SCHEMA = "answer_schema"

    @property
    def meaning(self) -> str:
        """What one can do where an agent has it, in a few words."""
        return _MEANING[self]


_MEANING: Mapping[Capability, str] = {
    Capability.MODEL: "choose the model (`-m`)",
    Capability.SYSTEM_PROMPT: "add to its system prompt (`--system-prompt`)",
    Capability.NEW_SYSTEM_PROMPT: "give a session another system prompt later",
    Capability.MAX_TURNS: "limit its steps (`--max-turns`)",
    Capability.EPHEMERAL: "have it keep nothing (`--ephemeral`)",
    Capability.READ_ONLY: "let it only read (`--access read-only`)",
    Capability.EDIT: "let it edit files (`--access edit`)",
    Capability.FULL: "let it do anything (`--access full`)",
    Capability.RESUME: "go on with a session",
    Capability.OWN_ID: "know its session id before it starts",
    Capability.PARTIAL_MESSAGES: "see its answer word by word",
    Capability.COST: "see what a turn cost",
    Capability.DENIALS: "see what it was not allowed to do",
    Capability.SCREEN: "open its own screen (`clinvk chat`)",
    Capability.TITLE: "have its own title for a session",
    Capability.FORK: "go on with a copy of its conversation",
    Capability.IMAGES: "show it a picture",
    Capability.ANSWER_SCHEMA: "hold its answer to a JSON Schema",
}

WITHOUT_OPTION = frozenset({Capability.FORK, Capability.IMAGES, Capability.ANSWER_SCHEMA})
"""What clinvk has no option for: an agent that can do it says the way in `ways`."""

_RUNG: Mapping[Access, Capability] = {
    Access.READ_ONLY: Capability.READ_ONLY,
    Access.EDIT: Capability.EDIT,
    Access.FULL: Capability.FULL,
}


class Parser(ABC):
    """Turns one child's output into events; total: nothing that is fed makes it raise."""

    @abstractmethod
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line of stdout (without its end); unknown lines become `Raw`.

        A `Result` may come from here at most once, and ends the turn's stream.
        """

    @property
    def settled(self) -> bool:
        """Whether the turn is answered for all that is known, so that the child should now leave.

        Only for an agent whose `Result` comes from `finish`, because more may follow its answer.
        """
        return False

    @abstractmethod
    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The events that the child's end adds: exactly one `Result` if `feed` gave none yet.

        `exit_code` is negative for a signal (as in `subprocess`) and None when clinvk stopped the
        child itself.
        """


class Backend(ABC):
    """An agent's CLI: how to call it and how to read it."""

    name: ClassVar[str]
    """Set by the registry: the file's name."""

    title: ClassVar[str]
    """How people call the agent, as its makers write it."""

    executable: ClassVar[str]
    """The program's name on PATH."""

    install_hint: ClassVar[str]
    """How to install it: one command or one sentence."""

    preference: ClassVar[int | None] = None
    """Among installed agents the lowest number is the default; None is never chosen by default."""

    tested_versions: ClassVar[tuple[str, ...]] = ()
    """The CLI versions that the end-to-end tests run."""

    oldest_version: ClassVar[str | None] = None
    """The oldest version of the CLI that was seen to work, None where that is not known."""

    lacks: ClassVar[Mapping[Capability, str]] = {}
    """What the CLI cannot do, each with the reason; it can do all the rest."""

    ways: ClassVar[Mapping[Capability, str]] = {}
    """How each of `WITHOUT_OPTION` is had of it: an argument to pass on, or words of a prompt."""

    project_files: ClassVar[tuple[ProjectFile, ...]] = ()
    """What in a repository can name programs that the agent runs unasked."""

    conversation_ids: ClassVar[re.Pattern[str]] = re.compile(
        r"[A-Za-z0-9][\w.:/@+-]{0,199}", re.ASCII
    )
    """What its conversations' ids look like."""

    access_options: ClassVar[tuple[AccessOption, ...]] = ()
    """Its options that say what it may do: none may ask for more than `--access` allows."""

    reads_variables: ClassVar[tuple[str, ...]] = ()
    """The variables of the person's that `invocation` has to know: `TurnRequest.environ`."""

    variables: ClassVar[tuple[str, ...]] = ()
    """Variables named `CLINVK_…` that its program reads, if that comes with clinvk."""

    @abstractmethod
    def invocation(self, request: TurnRequest) -> Invocation:
        """The child process that this turn is."""

    @abstractmethod
    def parser(self, request: TurnRequest) -> Parser:
        """A fresh parser for that child's output.

        It knows the request because an agent's counters may cover its whole conversation: the
        turn's own figures are then a difference to `request.counters`.
        """

    def reads_files(
        self, access: Access | None, user_home: Path, environ: Mapping[str, str]
    ) -> Mapping[str, Path]:
        """The files that `invocation` has to know for that access: `TurnRequest.texts`, by key.

        With a `*` in its name it is all the files of that form, as one text.
        """
        del access, user_home, environ
        return {}

    def is_conversation(self, conversation: str) -> bool:
        """Whether that could be one of its ids; what is none stands in no command and no path."""
        return (
            ".." not in conversation and self.conversation_ids.fullmatch(conversation) is not None
        )

    def changes_conversation(self, request: TurnRequest) -> bool:
        """Whether a resumed turn goes on under another id by design: where it is told to fork.

        Without that, an agent that names another conversation than it was asked to resume has lost
        the one that was meant.
        """
        fork = self.ways.get(Capability.FORK)
        return fork is not None and any(
            argument == fork or argument.startswith(f"{fork}=") for argument in request.backend_args
        )

    def locate_program(self, python: str) -> tuple[str, ...]:
        """The start of argv: the program's bare name, unless it comes with clinvk itself."""
        del python
        return (self.executable,)

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> Conversations | None:
        """Where the agent keeps this conversation, None where that cannot be told."""
        del conversation, user_home, environ
        return None

    def screen(self, request: TurnRequest) -> Invocation | None:
        """The agent's own screen on the request's conversation, to be given the terminal.

        What it may do is the same as in a headless turn, or asked of the person; `prompt` and
        `max_turns` play no part. None if the agent has no screen, which is then among `lacks`.
        """
        del request
        return None

    def native(self) -> "Native | None":
        """What reads the agent's own files of a conversation, None if nothing can."""
        return None

    def counters_in(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """The conversation's counters by its own file, in the form of `Result.counters`.

        `lines` are the file's, the last one first, and read only as far as they are asked for. For
        an agent whose counters cover the whole conversation: what was used outside clinvk, or in a
        turn that broke off, is in these and in no others. None (the default) where the agent's
        figures need no earlier ones, or the file has none.
        """
        del lines
        return None

    def usage_by(
        self, counters: Mapping[str, Json], request: TurnRequest, lines: Iterable[str] = ()
    ) -> Usage:
        """What that turn used, by the counters in its file after it; unknown by default.

        Asked only of an agent that has `counters_in`, about a failed turn that told no figures;
        `lines` are as there.
        """
        del counters, request, lines
        return UNKNOWN_USAGE

    def usage_of_run(self, counters: Mapping[str, Json], lines: Iterable[str]) -> Usage:
        """What a turn used whose counters do not tell by themselves; unknown by default.

        Asked of an agent that has `counters_in`, about a turn that ended well: `counters` are
        those of its `Result`, `lines` as in `counters_in`.
        """
        del counters, lines
        return UNKNOWN_USAGE

    def all_conversations(
        self, user_home: Path, environ: Mapping[str, str]
    ) -> Conversations | None:
        """Where the agent keeps conversations; needed only if it chooses their ids itself."""
        del user_home, environ
        return None

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> Conversations | None:
        """Where the agent writes the title that it made; without any that is among `lacks`."""
        del conversation, user_home, environ
        return None

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn | None:
        """What shows that somebody has signed in, None where that cannot be told."""
        del user_home, environ
        return None

    def retention_settings(self, user_home: Path, environ: Mapping[str, str]) -> Path | None:
        """The agent's file that says how long it keeps conversations, None if it has none."""
        del user_home, environ
        return None

    def retention(self, settings: str | None) -> Retention | None:
        """How long it keeps a conversation by the text of that file, None if it is for ever.

        `settings` is None where there is no such file. Total: a text that makes no sense is None
        as well, because then nothing can be told.
        """
        del settings
        return None

    def keeps_resumed(self, settings: str | None) -> str | None:
        """The setting without which the agent may delete a conversation that was resumed.

        `settings` as for `retention`; None where it needs none, or nothing can be told.
        """
        del settings
        return None

    def native_resume(self, conversation: str) -> Sequence[str] | None:
        """The argv that opens the conversation in the agent's own screen, None if nothing does."""
        del conversation
        return None

    def refuse_unsupported(self, request: TurnRequest) -> None:
        """Raise `BackendUnsupportedError` for the first thing asked that the CLI cannot do."""
        asked = {
            Capability.MODEL: request.model is not None,
            Capability.SYSTEM_PROMPT: request.system_prompt is not None,
            Capability.NEW_SYSTEM_PROMPT: request.system_prompt_changed,
            Capability.MAX_TURNS: request.max_turns is not None,
            Capability.EPHEMERAL: request.ephemeral,
        }
        if request.access is not None:
            asked[_RUNG[request.access]] = True
        for capability, wanted in asked.items():
            if wanted and capability in self.lacks:
                raise self.unsupported(capability)

    def unsupported(self, capability: Capability) -> BackendUnsupportedError:
        """The error of asking for what it lacks, with the reason."""
        why = self.lacks.get(capability, "it has no such thing")
        return BackendUnsupportedError(
            f"backend `{self.name}` cannot do this: {why}",
            hint=_WAY_OUT.get(capability, "choose another backend with `-b`"),
        )


_WAY_OUT: Mapping[Capability, str] = {
    Capability.MAX_TURNS: "leave `--max-turns` out, or limit the time with `--timeout`",
    Capability.SYSTEM_PROMPT: "leave `--system-prompt` out, or say it in the prompt",
    Capability.NEW_SYSTEM_PROMPT: "start a new session with it, or say it in the prompt",
    Capability.MODEL: "leave `-m` out",
    Capability.EPHEMERAL: "leave `--ephemeral` out",
    Capability.SCREEN: "say a prompt",
}
