"""The JSON output of a run: `-o json`, `-o stream-json` and `--dry-run`."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import to_builtins
from msgspec.structs import asdict

from clinvk.errors import ExitStatus
from clinvk.model.events import (
    Event,
    Failed,
    FileChange,
    Init,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.files import file_to_json
from clinvk.model.report import REPORT_SCHEMA, ErrorReport, RunReport, TurnStart
from clinvk.model.tool_names import common_name
from clinvk.published import chosen
from clinvk.text.units import format_time

if TYPE_CHECKING:
    from clinvk.services.turns.plan import TurnPlan

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
_HIDDEN = "***"


def report_to_json(report: RunReport) -> Mapping[str, Any]:
    """The object of `-o json`, also the last line of `-o stream-json`."""
    outcome = report.outcome
    return {
        "schema": REPORT_SCHEMA,
        **chosen(report, "session_id", "name", "title", "backend", "backend_session_id", "model"),
        **chosen(report, "cwd", "turn", "resumed", "status"),
        **chosen(outcome, "text", "structured"),
        "usage": outcome.usage.figures,
        "cost_usd": outcome.cost_usd,
        "duration_s": round(outcome.duration_s or 0.0, 3),
        "files": [file_to_json(file) for file in outcome.files],
        **chosen(outcome, "warnings"),
        "exit_status": int(report.exit_status),
        "error": error_to_json(report.error) if report.error else None,
    }


def failure_to_json(error: ErrorReport, exit_status: ExitStatus) -> Mapping[str, Any]:
    """The failure of a command other than `run` and `resume`."""
    return {
        "schema": REPORT_SCHEMA,
        "exit_status": int(exit_status),
        "error": error_to_json(error),
    }


def error_to_json(error: ErrorReport) -> dict[str, Any]:
    """An error of clinvk or of the agent."""
    return {**asdict(error), "retry_at": error.retry_at and format_time(error.retry_at)}


def event_to_json(  # noqa: PLR0911  one for each type
    event: Event, turn: TurnStart | None = None
) -> Mapping[str, Any] | None:
    """The published fields of an event without its type; None for an event that is not published.

    `init` also has what is known about the `turn` at its start.
    """
    match event:
        case Init():
            return {
                "session_id": turn and turn.session_id,
                "backend": turn and turn.backend,
                "backend_session_id": event.backend_session_id,
                "model": event.model or (turn and turn.model),
                "cwd": turn and turn.cwd,
                "turn": turn and turn.turn,
                "resumed": bool(turn and turn.resumed),
            }
        case ToolUse():
            return {**asdict(event), "common_name": common_name(event.name)}
        case Message() | Thinking() | ToolResult() | FileChange():
            return asdict(event)
        case PermissionRequest():
            return {**to_builtins(event), "common_name": common_name(event.tool)}
        case PermissionAnswer():
            fields: Mapping[str, Any] = to_builtins(event)
            return fields
        case UsageReported():
            return event.usage.figures
        case Warned():
            return chosen(event, "code", "message")
        case Failed():
            session_id = turn.session_id if turn else None
            return error_to_json(ErrorReport.of_failure(event.failure, session_id))
        case Raw() | Result():
            return None
        case _:
            assert_never(event)


def plan_to_json(plan: "TurnPlan", environ: Mapping[str, str]) -> dict[str, Any]:
    """The object of `--dry-run`; `env_unset` has only variables that are in `environ`."""
    invocation = plan.invocation
    return {
        "backend": plan.backend.name,
        **chosen(invocation, "argv"),
        "cwd": str(invocation.cwd),
        "env": {
            name: _HIDDEN if _SECRET.search(name) else value
            for name, value in invocation.env.items()
        },
        "env_unset": [name for name in invocation.env_unset if name in environ],
        "stdin_bytes": len(invocation.stdin),
        "files": {name: _text_of(one) for name, one in invocation.files.items()},
        **chosen(plan, "warnings"),
    }


def _text_of(content: str | bytes) -> str:
    """The content of a private file; a picture as its size."""
    return content if isinstance(content, str) else f"({len(content):,} bytes)"
