"""An error is said in the form that was asked for."""

import json
from typing import Any

from clinvk.cli.render.errors import render_report, say_warning
from clinvk.errors import SessionNotFoundError
from clinvk.model.report import ErrorReport, RunReport
from clinvk.published.run import report_to_json

ERROR = SessionNotFoundError("there is no session `x`", hint="nearest: y\nz")
REPORT = ErrorReport.of_error(ERROR)


def test_a_person_reads_error_and_hint_on_stderr(screen: Any) -> None:
    """Further lines are indented below the first."""
    render_report(REPORT, ERROR.exit_status, screen.streams(), "text", of_run=True)
    assert screen.err.getvalue() == "error: there is no session `x`\nhint: nearest: y\n      z\n"
    assert screen.out.getvalue() == ""


def test_only_the_label_has_a_colour(screen: Any) -> None:
    """What is said can be read, and copied, as it is."""
    render_report(REPORT, ERROR.exit_status, screen.streams(color=True), "text", of_run=True)
    assert screen.err.getvalue().startswith("\x1b[1;31merror:\x1b[0m there is no session `x`\n")


def test_an_error_is_made_safe_for_a_terminal_only(screen: Any) -> None:
    """A log keeps every byte, and a terminal gets none of the agent's sequences."""
    say_warning(screen.streams(err_tty=True), "a\x1b[2Jb")
    say_warning(screen.streams(), "a\x1b[2Jb")
    assert screen.err.getvalue() == "warning: ab\nwarning: a\x1b[2Jb\n"


def test_a_program_reads_the_envelope_of_a_run(screen: Any) -> None:
    """The object has all keys of a report, the exit status and the error."""
    render_report(REPORT, ERROR.exit_status, screen.streams(), "json", of_run=True)
    envelope = json.loads(screen.out.getvalue())
    assert envelope.keys() == report_to_json(RunReport(exit_status=ERROR.exit_status)).keys()
    assert envelope["exit_status"] == 4
    assert envelope["error"] == {
        "code": "session_not_found",
        "message": "there is no session `x`",
        "hint": "nearest: y\nz",
        "retryable": False,
        "retry_at": None,
    }
    assert screen.err.getvalue() == "error: there is no session `x`\nhint: nearest: y\n      z\n"


def test_the_log_of_a_script_has_no_error_if_it_is_quiet(screen: Any) -> None:
    """With `-q`, the object on stdout is all."""
    status = ERROR.exit_status
    render_report(REPORT, status, screen.streams(), "json", of_run=True, quiet=True)
    assert json.loads(screen.out.getvalue())["exit_status"] == 4
    assert screen.err.getvalue() == ""


def test_a_stream_ends_with_the_error_as_its_result(screen: Any) -> None:
    """Whoever reads events finds the type that ends every stream."""
    render_report(REPORT, ERROR.exit_status, screen.streams(), "stream-json", of_run=True)
    assert json.loads(screen.out.getvalue())["type"] == "result"


def test_a_failure_of_another_command_is_the_error_alone(screen: Any) -> None:
    """It has no session, no answer and no figures, so it does not seem to be a run."""
    for form in ("json", "stream-json"):
        render_report(REPORT, ERROR.exit_status, screen.streams(), form, of_run=False)
    first, second = map(json.loads, screen.out.getvalue().splitlines())
    assert first == second
    assert first.keys() == {"schema", "exit_status", "error"}
    assert (first["schema"], first["exit_status"]) == (1, 4)
    assert first["error"]["code"] == "session_not_found"
