"""Prints errors: two lines on stderr, or the report of the JSON formats on stdout."""

import re

from msgspec.structs import replace

from clinvk.cli.render import Form
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.model.report import ErrorReport
from clinvk.text.sanitize import safe_text

_QUOTED = r"`([^`]{200})[^`]{800,}`"
_RED_BOLD, _DIM, _PLAIN = "\x1b[1;31m", "\x1b[2m", "\x1b[0m"


def render_report(
    report: ErrorReport, exit_status: ExitStatus, streams: Streams, form: Form, *, of_run: bool
) -> None:
    """Print an error; as JSON it is the report of a run that has only the error.

    As the last line of `-o stream-json` it has a `type`. Commands other than a run have no report:
    they print the error alone. Very long quotes are cut.
    """
    report = replace(report, message=re.sub(_QUOTED, r"`\1…`", report.message))
    if form == "text":
        say_error(streams, report)
        return
    from clinvk.model.report import RunReport
    from clinvk.published.run import failure_to_json, report_to_json
    from clinvk.text.json_codec import json_line

    if not of_run:
        streams.out_json(json_line(failure_to_json(report, exit_status)).decode())
        return
    kind = {"type": "result"} if form == "stream-json" else {}
    envelope = RunReport(exit_status=exit_status, error=report)
    streams.out_json(json_line({**kind, **report_to_json(envelope)}).decode())


def say_error(streams: Streams, error: ErrorReport) -> None:
    """`error: …` and `hint: …` on stderr; further lines of either are indented below it."""
    _say(streams, "error:", _RED_BOLD, error.message)
    if error.hint:
        say_hint(streams, error.hint)


def say_hint(streams: Streams, hint: str) -> None:
    """`hint: …` on stderr."""
    _say(streams, "hint:", _DIM, hint)


def say_warning(streams: Streams, message: str) -> None:
    """`warning: …` on stderr."""
    _say(streams, "warning:", "\x1b[33m", message)


def _say(streams: Streams, label: str, style: str, text: str) -> None:
    if streams.stderr_is_tty:
        text = safe_text(text)
    lines = text.strip().splitlines() or [""]
    head = f"{style}{label}{_PLAIN}" if streams.err_color else label
    indent = " " * (len(label) + 1)
    streams.err("\n".join((f"{head} {lines[0]}", *(indent + line for line in lines[1:]))))
