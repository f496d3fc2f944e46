"""Shows a text that is longer than the screen through the user's pager.

As git and gh do: `CLINVK_PAGER`, else `PAGER`, else `less`; an empty one, and `cat`, mean none. A
pipe never has one. The text must be safe already: `less -R` passes on all that looks like a colour.
"""

import shlex
from pathlib import PurePath

from clinvk.cli.context import Cli
from clinvk.cli.paint import unpainted
from clinvk.cli.render.errors import say_warning
from clinvk.cli.streams import Streams
from clinvk.errors import BackendStartError, ExitStatus, StoppedBySignal
from clinvk.process.foreground import run_foreground
from clinvk.text.width import display_width

PAGER_VARIABLE = "CLINVK_PAGER"

_DEFAULT = ("less",)
_NONE = ((), ("cat",))
_FOR_PAGERS = {"LESS": "FRX", "LV": "-c"}
"""Set for pagers if they are not set, as git does: quit if it fits, colours, no clearing."""

_NOT_FOUND = (126, 127)
"""How `env` and shells end if they cannot start a program."""


def page(text: str, cli: Cli, streams: Streams, *, wanted: bool = True) -> None:
    """Print the text to stdout; if it is longer than the screen, through a pager, if `wanted`.

    Leaving the pager early is no error. A pager that cannot be started is a warning. Raises
    `StoppedBySignal` if we are to end meanwhile.
    """
    environ = cli.world.environ
    dumb = environ.get("TERM") in {"dumb", "unknown"}
    if not wanted or dumb or not streams.stdout_is_tty or _fits(text, streams):
        streams.out(text)
        return
    asked = environ.get(PAGER_VARIABLE, environ.get("PAGER"))
    try:
        pager = _DEFAULT if asked is None else tuple(shlex.split(asked))
    except ValueError as error:
        _without(text, streams, f"the pager `{asked}` is not a valid command: {error}")
        return
    if pager in _NONE:
        streams.out(text)
        return
    content = text.encode(streams.encoding, "replace")
    try:
        end = run_foreground(
            _argv(pager), environ={**_FOR_PAGERS, **environ}, cwd=None, feed=content
        )
    except BackendStartError as error:
        _without(text, streams, None if asked is None else error.message)
        return
    if end.stopped:
        raise StoppedBySignal(ExitStatus.TERMINATED)
    if end.exit_code in _NOT_FOUND:
        _without(text, streams, f"cannot start `{asked}`")


def _without(text: str, streams: Streams, why: str | None) -> None:
    """Print the text, after a warning; a machine without `less` is no reason to warn."""
    if why is not None:
        say_warning(streams, f"{why}; shown without a pager")
    streams.out(text)


def _argv(pager: tuple[str, ...]) -> tuple[str, ...]:
    """Without `-R`, `less` shows colours as `ESC[1m` if `LESS` is set to something else."""
    return (pager[0], "-R", *pager[1:]) if PurePath(pager[0]).name == "less" else pager


def _fits(text: str, streams: Streams) -> bool:
    """Whether the text fits the screen, with a line for the shell's next prompt."""
    columns, room = max(streams.columns(), 1), streams.rows() - 1
    for line in text.splitlines():
        width = display_width(unpainted(line).expandtabs())
        room -= max(1, -(-width // columns))
        if room < 0:
            return False
    return True
