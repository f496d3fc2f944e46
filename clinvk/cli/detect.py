"""What environment and streams say about the terminal."""

from collections.abc import Mapping
from typing import TextIO

from clinvk.cli.streams import DEFAULT_WIDTH, Streams, measure


def streams_from(
    environ: Mapping[str, str],
    stdin: TextIO | None,
    stdout: TextIO | None,
    stderr: TextIO | None,
) -> Streams:
    """The terminal that environment and streams describe.

    `NO_COLOR` (any non-empty value) and `TERM=dumb` turn colour off; only a dumb terminal cannot
    show bold text either. `FORCE_COLOR` and `CLICOLOR_FORCE` (other than empty and `0`) turn colour
    on without a terminal. `NO_COLOR` overrides both. A stream that was closed before the start is
    None, as in Python.
    """
    ttys = [_is_tty(stream) for stream in (stdin, stdout, stderr)]
    dumb = environ.get("TERM", "") in {"dumb", "unknown"}
    forced = any(environ.get(key, "") not in {"", "0"} for key in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    refused = bool(environ.get("NO_COLOR")) or (dumb and not forced)
    colors = (not refused and (forced or ttys[1]), not refused and (forced or ttys[2]))
    columns = environ.get("COLUMNS", "")
    fixed = int(columns) if columns.isascii() and columns.isdigit() and int(columns) > 0 else None
    return Streams(
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        stdin_is_tty=ttys[0],
        stdout_is_tty=ttys[1],
        stderr_is_tty=ttys[2],
        width=fixed or measure(stdout) or measure(stderr) or DEFAULT_WIDTH,
        width_fixed=fixed is not None,
        color=colors[0],
        err_color=colors[1],
        styled=ttys[1] and not dumb,
        err_styled=ttys[2] and not dumb,
        cursor=ttys[2] and not dumb,
        reflows="TMUX" in environ
        or not ("XTERM_VERSION" in environ or environ.get("TERM") == "linux"),
        auto_color=colors,
    )


def _is_tty(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
