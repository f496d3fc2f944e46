"""Prints errors: two lines on stderr, or the report of the JSON formats on stdout."""

import re

from msgspec.structs import replace

from clinvk.cli.paint import BOLD, DIM, RED, YELLOW, Codes
from clinvk.cli.render import Form
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.model.report import ErrorReport
from clinvk.text.sanitize import safe_text
from clinvk.text.width import display_width
from clinvk.text.wrap import filled, rows

_QUOTED = r"`([^`]{200})[^`]{800,}`"


def render_report(  # noqa: PLR0913  the error, and how it is printed
    report: ErrorReport,
    exit_status: ExitStatus,
    streams: Streams,
    form: Form,
    *,
    of_run: bool,
    quiet: bool = False,
) -> None:
    """Print an error; as JSON it is the report of a run that has only the error.

    As the last line of `-o stream-json` it has a `type`. Commands other than a run have no report:
    they print the error alone. The log of a script has the error on stderr too, unless it is
    `quiet`. Very long quotes are cut.
    """
    report = replace(report, message=re.sub(_QUOTED, r"`\1…`", report.message))
    if form != "text":
        streams.out_json(_as_json(report, exit_status, form, of_run=of_run))
    if form == "text" or not quiet:
        say_error(streams, report)


def _as_json(report: ErrorReport, exit_status: ExitStatus, form: Form, *, of_run: bool) -> str:
    from clinvk.model.report import RunReport
    from clinvk.published.run import failure_to_json, report_to_json
    from clinvk.text.json_codec import json_line

    if not of_run:
        return json_line(failure_to_json(report, exit_status)).decode()
    kind = {"type": "result"} if form == "stream-json" else {}
    envelope = RunReport(exit_status=exit_status, error=report)
    return json_line({**kind, **report_to_json(envelope)}).decode()


def say_error(streams: Streams, error: ErrorReport) -> None:
    """`error: …` and `hint: …` on stderr; further lines of either are indented below it."""
    _say(streams, "error:", (BOLD, RED), error.message)
    if error.hint:
        say_hint(streams, error.hint)


def say_hint(streams: Streams, hint: str) -> None:
    """`hint: …` on stderr."""
    _say(streams, "hint:", (DIM,), hint)


def say_warning(streams: Streams, message: str) -> None:
    """`warning: …` on stderr."""
    _say(streams, "warning:", (YELLOW,), message)


def _say(streams: Streams, label: str, codes: Codes, text: str) -> None:
    """A terminal gets lines that end between words; the further ones are indented."""
    indent = " " * (len(label) + 1)
    lines = text.strip().splitlines() or [""]
    if streams.stderr_is_tty:
        room = max(streams.columns() - len(indent), 1)
        lines = [
            part for line in safe_text(text).strip().split("\n") for part in _parts(line, room)
        ]
    head = streams.err_paint(label, *codes)
    streams.err("\n".join((f"{head} {lines[0]}", *(indent + line for line in lines[1:]))))


def _parts(line: str, columns: int) -> list[str]:
    """The line as it is where it fits; a list or a command keeps its spaces."""
    if display_width(line) <= columns:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    if "  " in line.strip():
        return [part.rstrip() for part in rows(line, columns)]
    return filled(line, columns, f"{indent}  " if indent else "")
