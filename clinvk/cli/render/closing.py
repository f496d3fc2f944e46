"""The closing lines of a run on a terminal: summary, cost, and how to continue."""

import shlex
from collections.abc import Iterable

from clinvk.errors import ExitStatus
from clinvk.model.report import RunReport
from clinvk.text.sanitize import safe_line
from clinvk.text.units import UNKNOWN, format_cost, format_duration, format_tokens
from clinvk.text.width import cut, display_width

_WHOLE_ID = 12
_PREFIX = 8
_STOPPED = {ExitStatus.INTERRUPTED: "interrupted", ExitStatus.TERMINATED: "terminated"}


def closing_lines(report: RunReport, columns: int) -> list[str]:
    """The summary, and how to continue if there is a session."""
    lines = _folded(_summary(report), " · ", columns)
    if report.session_id is not None and report.error is None:
        words = shlex.quote(_shown_id(report.session_id).removesuffix("…"))
        ways = ('continue: clinvk -c "…"', f"clinvk resume {words}")
        lines += _folded(ways, "  or  ", columns)
    return lines


def _summary(report: RunReport) -> Iterable[str]:
    if stopped := _STOPPED.get(report.exit_status):
        yield stopped
    if report.session_id is not None:
        yield _shown_id(report.session_id)
    yield safe_line(report.backend or UNKNOWN)
    yield safe_line(report.model or UNKNOWN)
    outcome, usage = report.outcome, report.outcome.usage
    cached = f" ({format_tokens(usage.cached_tokens)} cached)" if usage.cached_tokens else ""
    yield f"{format_tokens(usage.input_tokens)} in{cached}"
    yield f"{format_tokens(usage.output_tokens)} out"
    # A dash alone would not show that the cost is unknown.
    yield f"${UNKNOWN}" if outcome.cost_usd is None else format_cost(outcome.cost_usd)
    yield format_duration(outcome.duration_s or 0.0)


def _shown_id(session_id: str) -> str:
    """A short id unchanged, a long one as a prefix that `clinvk resume` accepts."""
    return session_id if len(session_id) <= _WHOLE_ID else f"{session_id[:_PREFIX]}…"


def _folded(parts: Iterable[str], between: str, columns: int) -> list[str]:
    """The parts joined on as many lines as needed; no part is split across lines."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{between}{part}" if lines else part
        if lines and display_width(joined) <= columns:
            lines[-1] = joined
        else:
            lines.append(cut(part, columns))
    return lines
