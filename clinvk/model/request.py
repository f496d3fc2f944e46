"""What was requested and what will be started, as data, before anything runs.

`RunRequest` is what the user requested. A service resolves it (which session, which backend, which
settings) into a `TurnRequest`, and a backend turns that into an `Invocation`.
"""

import math
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from msgspec import Struct, field

from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.effort import Effort
from clinvk.model.events import Json
from clinvk.model.names import checked_name, checked_tag, checked_title
from clinvk.model.permission import checked_rule
from clinvk.text.units import parse_duration


class Pick(StrEnum):
    """Which session a run continues, if there is no reference to one."""

    NEW = "new"
    CONTINUE = "continue"
    LAST = "last"


class IfMissing(StrEnum):
    """What to do if the agent no longer has the session's conversation."""

    FAIL = "fail"
    REPLAY = "replay"
    NEW = "new"


PROMPTED = ("run", "resume")
OPENING = ("run", "chat")


class Option:
    """The command line option of a request's field; this is its only declaration.

    The field's type gives the kind of option: text, number, enum, flag, or a tuple of texts for a
    repeatable one. `reads` converts the text to the value; `alone` is the value of an option given
    without one. `commands` have the option; a `for_prompt` option is refused without a prompt. The
    help lists it before the option of the field `before`, by default in the order of the fields.
    """

    def __init__(  # noqa: PLR0913  each by its name
        self,
        *names: str,
        help: str,  # noqa: A002  the usual name
        metavar: str | None = None,
        least: int | None = None,
        reads: Callable[[str], Any] | None = None,
        alone: object = None,
        commands: tuple[str, ...] = ("run", "resume", "chat"),
        for_prompt: bool = False,
        before: str | None = None,
    ) -> None:
        self.names, self.help, self.metavar, self.least = names, help, metavar, least
        self.reads, self.alone, self.before = reads, alone, before
        self.commands, self.for_prompt = commands, for_prompt


class RunRequest(Struct, frozen=True, kw_only=True):
    """The user's request, before anything is resolved; None means "not given".

    At most one of `session` (a SESSION reference), `name` (create or resume) and a `pick` other
    than `NEW` is set. `here` limits `pick` to this directory or its repository. `interactive` opens
    the agent's interactive screen; `prompt` is then empty. `can_ask`: a person can answer the
    agent's permission requests. `wait_s` is how long to wait for a
    session that another run holds. Times are in seconds.

    A field with an `Option` is an option of `run`, `resume` or `chat`: to add an option, add its
    field here and use it where it has its effect.
    """

    prompt: str
    pick: Pick = Pick.NEW
    session: str | None = None
    here: bool = False
    interactive: bool = False
    can_ask: bool = False
    backend: Annotated[
        str | None, Option("--backend", "-b", metavar="NAME", help="Backend (one of {backends}).")
    ] = None
    model: Annotated[str | None, Option("--model", "-m", metavar="NAME", help="Model to use.")] = (
        None
    )
    workdir: Annotated[
        Path | None,
        Option(
            "--workdir", "-w", metavar="DIR", reads=str,
            help="Working directory of the agent (default: current, or the session's).",
        ),
    ] = None  # fmt: skip
    name: Annotated[
        str | None,
        Option(
            "--session", "-s", metavar="NAME", reads=checked_name, commands=OPENING,
            help="Continue the session NAME, or create it.",
        ),
    ] = None  # fmt: skip
    if_missing: Annotated[
        IfMissing,
        Option(
            "--if-missing", commands=PROMPTED,
            help="If the agent no longer has the conversation: fail (default), start a new one"
            " with the earlier turns (replay), or start an empty one (new).",
        ),
    ] = IfMissing.FAIL  # fmt: skip
    ephemeral: Annotated[
        bool,
        Option(
            "--ephemeral",
            commands=("run",),
            help="Save no session, neither in clinvk nor in the agent.",
        ),
    ] = False
    access: Annotated[
        Access | None,
        Option(
            "--access",
            help="What the agent may do. Default: the session's; for a new one `ask` at a terminal,"
            " and the agent's own default without one (most then only read).",
        ),
    ] = None
    allow: Annotated[
        tuple[str, ...],
        Option(
            "--allow", metavar="RULE", reads=checked_rule, commands=PROMPTED, for_prompt=True,
            help="Allow a tool without asking: Edit, 'Bash(git status)' (repeatable).",
        ),
    ] = ()  # fmt: skip
    deny: Annotated[
        tuple[str, ...],
        Option(
            "--deny", metavar="RULE", reads=checked_rule, commands=PROMPTED, for_prompt=True,
            help="Deny a tool without asking, also if another rule allows it (repeatable).",
        ),
    ] = ()  # fmt: skip
    system_prompt: Annotated[
        str | None,
        Option("--system-prompt", metavar="TEXT", help="Append TEXT to the agent's system prompt."),
    ] = None
    images: Annotated[
        tuple[Path, ...],
        Option(
            "--image", metavar="FILE", reads=str, commands=PROMPTED, for_prompt=True,
            help="Send a picture with the prompt: PNG, JPEG, GIF or WebP (repeatable).",
        ),
    ] = ()  # fmt: skip
    schema: Annotated[
        Path | None,
        Option(
            "--schema", metavar="FILE", reads=str, commands=PROMPTED, for_prompt=True,
            help="The answer must be JSON that matches the JSON Schema in FILE.",
        ),
    ] = None  # fmt: skip
    add_dirs: Annotated[
        tuple[Path, ...],
        Option(
            "--add-dir", metavar="DIR", reads=str,
            help="Let the agent work in DIR too, as far as its access goes (repeatable).",
        ),
    ] = ()  # fmt: skip
    effort: Annotated[
        Effort | None,
        Option("--effort", help="How much the model thinks. Default: the session's."),
    ] = None
    max_turns: Annotated[
        int | None,
        Option(
            "--max-turns", metavar="N", least=1, commands=PROMPTED, for_prompt=True,
            help="Maximum number of agent steps.",
        ),
    ] = None  # fmt: skip
    timeout_s: Annotated[
        float | None,
        Option(
            "--timeout", metavar="DUR", reads=parse_duration, commands=PROMPTED, for_prompt=True,
            help="Stop the turn after this time (30s, 15m, 2h).",
        ),
    ] = None  # fmt: skip
    idle_timeout_s: Annotated[
        float | None,
        Option(
            "--idle-timeout", metavar="DUR", reads=parse_duration, commands=PROMPTED,
            for_prompt=True,
            help="Stop the turn after this time without output (default: run.idle_timeout).",
        ),
    ] = None  # fmt: skip
    title: Annotated[
        str | None,
        Option(
            "--title", metavar="TEXT", reads=checked_title, commands=OPENING,
            help="Title for a new session; an existing one keeps its title.",
        ),
    ] = None  # fmt: skip
    tags: Annotated[
        tuple[str, ...],
        Option(
            "--tag", "-t", metavar="TAG", reads=checked_tag, commands=OPENING,
            help="Tag for a new session (repeatable).",
        ),
    ] = ()  # fmt: skip
    wait_s: Annotated[
        float,
        Option(
            "--wait", metavar="[=DUR]", reads=parse_duration, alone=math.inf, commands=PROMPTED,
            help="Wait while another run uses the session (default: exit 75).",
        ),
    ] = 0.0  # fmt: skip
    backend_args: Annotated[
        tuple[str, ...],
        Option(
            "--backend-arg", metavar="ARG", reads=str,
            help="Pass ARG unchanged to the agent's CLI (repeatable). `clinvk backends NAME`"
            " lists useful ones, such as a limit of cost.",
        ),
    ] = ()  # fmt: skip


class Picture(Struct, frozen=True):
    """A picture for the prompt: its file, what that held, and the kind (`image/png` and so on)."""

    path: Path
    media_type: str
    data: bytes

    @property
    def base64(self) -> str:
        """What it holds, as agents' protocols take it."""
        return b2a_base64(self.data, newline=False).decode()


class TurnRequest(Struct, frozen=True, kw_only=True):
    """One turn for a backend: everything is resolved.

    `conversation` is the agent's own session id. With `RESUME` the agent must continue exactly that
    conversation; with `START` the turn starts a new one, with that id if the caller may choose it.
    `system_prompt_changed`: it differs from the one that the conversation started with. `schema` is
    the JSON Schema that the answer must match, as compact JSON. `add_dirs` are absolute, exist, and
    have no symbolic links.
    `elsewhere`: the turn does not run in the session's own directory. `counters` are those in the
    agent's own file, else `Result.counters` of an earlier turn; None if there are none (then a
    value that needs a difference is unknown). `baseline_known`: they are the counters from just
    before this turn. `home` is the user's home, for programs whose options do not know `~`.
    `environ` has the user's variables that the backend reads (`Backend.reads_variables`), and
    `texts` the contents of the files that it reads (`Backend.reads_files`), if they exist.
    """

    prompt: str
    cwd: Path
    conversation: str | None = None
    mode: TurnMode = TurnMode.START
    elsewhere: bool = False
    model: str | None = None
    access: Access | None = None
    system_prompt: str | None = None
    system_prompt_changed: bool = False
    images: tuple[Picture, ...] = ()
    schema: str | None = None
    add_dirs: tuple[Path, ...] = ()
    effort: Effort | None = None
    max_turns: int | None = None
    ephemeral: bool = False
    backend_args: tuple[str, ...] = ()
    counters: Mapping[str, Json] | None = None
    baseline_known: bool = True
    home: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def resume(self) -> bool:
        """Whether the agent continues its conversation: not a new one, and not a copy."""
        return self.mode is TurnMode.RESUME


FOLDER = "clinvk-files"
"""Stands in braces for the folder of an invocation's files."""


class Invocation(Struct, frozen=True, kw_only=True):
    """The child process of a turn: its argv, stdin, environment and directory.

    `argv[0]` is the agent's program, a bare name until the service has found it. `stdin` is the
    prompt, or empty if the prompt is in `argv` or `files`. The child is started first and receives
    it when "turn started" is on disk. Then stdin is closed, or with `dialogue` stays open for the
    parser's replies until the turn's `Result`. A child never inherits our stdin. `env` is added to
    and `env_unset` removed from our own environment. `files` are private temporary files for the
    child: `{key}` in `argv` or in a value of `env` is replaced by the file's path, and
    `{FOLDER}` by the path of the folder that has only these files.
    `speaks_within_s` is how long it may take until its parser says that it `speaks`.
    """

    argv: tuple[str, ...]
    stdin: bytes
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    env_unset: tuple[str, ...] = ()
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    dialogue: bool = False
    speaks_within_s: float | None = None


class Reply(Struct, frozen=True):
    """Bytes for the child's stdin in reply to its output, for an `Invocation` with `dialogue`.

    They are written after the prompt, in order, and without waiting for the child. If it has closed
    its stdin or ended, they are dropped.
    """

    data: bytes


class FileReply(Reply, frozen=True, kw_only=True):
    """A reply that needs a file first, for an agent that leaves its files to clinvk.

    The file at `path` is read, or gets the content `text`. The reply's bytes are made by `done`
    from what was read or written, or by `failed` from the reason; its second argument says whether
    the file does not exist.
    """

    path: str
    text: str | None = None
    done: Callable[[str], bytes]
    failed: Callable[[str, bool], bytes]
