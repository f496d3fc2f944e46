"""`clinvk doctor`: a line per area with the findings below it; or a JSON object."""

from collections.abc import Iterator
from itertools import groupby

from clinvk.cli.streams import Streams
from clinvk.model.finding import Checked, Examination, Finding, Severity
from clinvk.text.json_codec import json_page
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural

_MARKS = {Severity.PROBLEM: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}
_STYLES = {Severity.PROBLEM: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[2m"}
_WELL, _GREEN, _BOLD, _PLAIN = "✓", "\x1b[32m", "\x1b[1m", "\x1b[0m"
_COLUMNS = 14
_ALIKE = 5
"""Number of findings of one kind that are shown; the rest are counted."""


def render_examination(examination: Examination, streams: Streams, *, as_json: bool) -> None:
    """Show the checks and findings on stdout, and the repairs on stderr."""
    for sentence in examination.fixed:
        streams.err(safe_line(sentence))
    for sentence in examination.unfixed:
        streams.err(safe_line(f"not done: {sentence}"))
    if as_json:
        from clinvk.published.machine import examination_to_json

        streams.out_json(json_page(examination_to_json(examination)).decode())
        return
    lines = [
        line for checked in examination.checked for line in _area(checked, color=streams.color)
    ]
    streams.out("".join(f"{line}\n" for line in [*lines, "", _sum(examination)]))


def _area(checked: Checked, *, color: bool) -> Iterator[str]:
    findings = sorted(checked.findings, key=lambda one: [*Severity].index(one.severity))
    worst = findings[0].severity if findings else Severity.NOTE
    well = worst is Severity.NOTE
    mark, style = (_WELL, _GREEN) if well else (_MARKS[worst], _STYLES[worst])
    name = f"{checked.area.value:<{_COLUMNS}}"
    head = f"{style}{mark}{_PLAIN} {_BOLD}{name}{_PLAIN}" if color else f"{mark} {name}"
    yield f"{head} {safe_line(checked.summary)}".rstrip()
    for _, alike in groupby(findings, key=lambda one: (one.severity, one.code)):
        found = list(alike)
        for finding in found[:_ALIKE]:
            yield from _finding(finding, color=color)
        if (rest := len(found) - _ALIKE) > 0:
            yield f"    … and {rest:,} more like these (`clinvk doctor --json` has them all)"


def _finding(finding: Finding, *, color: bool) -> Iterator[str]:
    mark, word = _MARKS[finding.severity], finding.severity.value
    head = f"{_STYLES[finding.severity]}{mark} {word}{_PLAIN}" if color else f"{mark} {word}"
    yield f"  {head}: {safe_line(finding.message)}"
    if finding.where:
        yield f"    where:  {safe_line(finding.where)}"
    for at, line in enumerate((finding.remedy or "").splitlines()):
        yield f"    {'       ' if at else 'remedy:'} {safe_line(line)}"
    if finding.command:
        yield f"    {'       ' if finding.remedy else 'remedy:'} {safe_line(finding.command)}"


def _sum(examination: Examination) -> str:
    counts = [
        (word, sum(found.severity is word for found in examination.findings)) for word in Severity
    ]
    parts = [plural(count, word.value) for word, count in counts if count]
    summary = ", ".join(parts)
    if examination.ok:
        return f"all is well ({summary})" if summary else "all is well"
    return summary or "not everything could be repaired"
