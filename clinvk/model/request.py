"""What was asked and what will be started, as data, before anything runs.

`RunRequest` is what the person's words say. A service resolves it (which session, which backend,
which settings) into a `TurnRequest`, and a backend turns that into an `Invocation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from clinvk.model.access import Access
from clinvk.model.events import Json


class Pick(StrEnum):
    """Which session a run goes on with, when it is not named by a reference."""

    NEW = "new"
    CONTINUE = "continue"
    LAST = "last"


class IfMissing(StrEnum):
    """What to do when the agent no longer has the session's conversation."""

    FAIL = "fail"
    REPLAY = "replay"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What was asked, before anything is looked up; None means "not said".

    At most one of `session` (a SESSION reference), `name` (create or resume) and a `pick` other
    than `NEW` is set. `here` narrows `pick` to this directory or its repository. `interactive` asks
    for the agent's own screen; `prompt` is empty then. `wait_s` is how long a
    session that another run holds is waited for. Times are in seconds.
    """

    prompt: str
    pick: Pick = Pick.NEW
    session: str | None = None
    name: str | None = None
    here: bool = False
    if_missing: IfMissing = IfMissing.FAIL
    backend: str | None = None
    model: str | None = None
    workdir: Path | None = None
    access: Access | None = None
    system_prompt: str | None = None
    max_turns: int | None = None
    timeout_s: float | None = None
    idle_timeout_s: float | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    ephemeral: bool = False
    interactive: bool = False
    backend_args: tuple[str, ...] = ()
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """One turn as a backend sees it: everything decided, nothing to look up.

    `conversation` is the agent's own session id. With `resume` the agent must go on with exactly
    that conversation; without it the turn begins a new one, under that id where the caller may
    choose it. `system_prompt_changed` says that it is not the one the conversation began with.
    `elsewhere` says that the turn does not run in the session's own directory.
    `counters` are those in the agent's own file, else what `Result.counters` of an earlier turn
    said; None where there are none (then what only a difference can tell is unknown).
    `baseline_known` says whether they are those that this turn goes on from. `home` is the person's
    own directory, for programs whose options do not know `~`. `environ` has those of the person's
    variables that the backend reads (`Backend.reads_variables`), and `texts` the contents of the
    files that it reads (`Backend.reads_files`), as far as there are any.
    """

    prompt: str
    cwd: Path
    conversation: str | None = None
    resume: bool = False
    elsewhere: bool = False
    model: str | None = None
    access: Access | None = None
    system_prompt: str | None = None
    system_prompt_changed: bool = False
    max_turns: int | None = None
    ephemeral: bool = False
    backend_args: tuple[str, ...] = ()
    counters: Mapping[str, Json] | None = None
    baseline_known: bool = True
    home: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The one child process that a turn is: its argv, stdin, environment and directory.

    `argv[0]` is the agent's program, a bare name until the service has found it. `stdin` is sent,
    then closed: a child never inherits ours. `env` is set and `env_unset` removed on top of our
    own environment. `files` are private temporary files the child needs: each key stands in `argv`
    or in a value of `env` as `{key}` and is replaced by the file's path.
    """

    argv: tuple[str, ...]
    stdin: bytes
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    env_unset: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
