"""The closing lines of a run on a terminal: summary, cost, and how to continue."""

import shlex
from collections.abc import Iterable, Iterator

from clinvk.errors import ExitStatus
from clinvk.model.report import RunReport
from clinvk.model.usage import Usage
from clinvk.text.sanitize import safe_line
from clinvk.text.units import UNKNOWN, format_cost, format_duration, format_tokens, plural
from clinvk.text.width import cut, display_width

_WHOLE_ID = 12
_PREFIX = 8
_STOPPED = {ExitStatus.INTERRUPTED: "interrupted", ExitStatus.TERMINATED: "terminated"}


def closing_lines(report: RunReport, columns: int | None) -> list[str]:
    """The summary, and how to continue if there is a session; on whole lines without `columns`."""
    lines = _folded(_summary(report), " · ", columns)
    if report.session_id is not None and report.error is None:
        if report.name is None:
            other = f"clinvk resume {shlex.quote(_shown_id(report.session_id).removesuffix('…'))}"
        else:
            other = f'clinvk -s {shlex.quote(report.name)} "…"'
        lines += _folded(('continue: clinvk -c "…"', other), "  or  ", columns)
    return lines


def stopped_word(report: RunReport) -> str | None:
    """The word for a run that a signal stopped."""
    return _STOPPED.get(report.exit_status)


def _summary(report: RunReport) -> Iterator[str]:
    """The facts of the run; what is not known is left out."""
    if stopped := stopped_word(report):
        yield stopped
    if report.session_id is not None:
        yield _shown_id(report.session_id)
    yield safe_line(report.backend or UNKNOWN)
    if report.model:
        yield safe_line(report.model)
    outcome = report.outcome
    used = report.error is None or outcome.usage.input_tokens or outcome.usage.output_tokens
    if used and (tokens := _tokens(outcome.usage)):
        yield tokens
    if outcome.cost_usd is not None and (used or outcome.cost_usd):
        yield format_cost(outcome.cost_usd)
    if outcome.duration_s is not None:
        yield format_duration(outcome.duration_s)


def _tokens(usage: Usage) -> str:
    """`12,408 tokens in (11,020 cached), 567 out`."""
    parts = []
    if usage.input_tokens is not None:
        cached = f" ({format_tokens(usage.cached_tokens)} cached)" if usage.cached_tokens else ""
        parts.append(f"{plural(usage.input_tokens, 'token')} in{cached}")
    if usage.output_tokens is not None:
        amount = f"{usage.output_tokens:,}" if parts else plural(usage.output_tokens, "token")
        parts.append(f"{amount} out")
    return ", ".join(parts)


def _shown_id(session_id: str) -> str:
    """A short id unchanged, a long one as a prefix that `clinvk resume` accepts."""
    return session_id if len(session_id) <= _WHOLE_ID else f"{session_id[:_PREFIX]}…"


def _folded(parts: Iterable[str], between: str, columns: int | None) -> list[str]:
    """The parts joined on as many lines as needed; no part is split across lines."""
    if columns is None:
        return [between.join(parts)]
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{between}{part}" if lines else part
        if lines and display_width(joined) <= columns:
            lines[-1] = joined
        else:
            lines.append(cut(part, columns))
    return lines
