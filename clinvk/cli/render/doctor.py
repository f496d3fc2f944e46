"""`clinvk doctor`: a line per area with the findings below it; or a JSON object."""

from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from clinvk.cli.paint import BOLD, DIM, GREEN, RED, YELLOW, Paint, unpainted
from clinvk.cli.streams import Streams
from clinvk.model.finding import Checked, Examination, Finding, Severity
from clinvk.text.json_codec import json_page
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural
from clinvk.text.wrap import filled

_MARKS = {Severity.PROBLEM: "✗", Severity.WARNING: "!", Severity.NOTE: "·"}
_CODES = {Severity.PROBLEM: RED, Severity.WARNING: YELLOW, Severity.NOTE: DIM}
_WELL = "✓"
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
    page = _Page(streams.paint, streams.columns() if streams.stdout_is_tty else None)
    lines = [line for checked in examination.checked for line in page.area(checked)]
    streams.out("".join(f"{line}\n" for line in [*lines, "", _sum(examination)]))


class _Page(Struct, frozen=True):
    """Lines for a terminal of so many columns, None without one."""

    paint: Paint
    columns: int | None

    def area(self, checked: Checked) -> Iterator[str]:
        """A line about the area, and its findings below it."""
        findings = sorted(checked.findings, key=lambda one: [*Severity].index(one.severity))
        worst = findings[0].severity if findings else Severity.NOTE
        well = worst is Severity.NOTE
        mark, code = (_WELL, GREEN) if well else (_MARKS[worst], _CODES[worst])
        name = self.paint(f"{checked.area.value:<{_COLUMNS}}", BOLD)
        yield from self._lines(f"{self.paint(mark, code)} {name} ", 3 + _COLUMNS, checked.summary)
        for _, alike in groupby(findings, key=lambda one: (one.severity, one.code)):
            found = list(alike)
            for finding in found[:_ALIKE]:
                yield from self._finding(finding)
            if (rest := len(found) - _ALIKE) > 0:
                more = f"… and {rest:,} more like these (`clinvk doctor --json` has them all)"
                yield from self._lines("    ", 4, more)

    def _finding(self, finding: Finding) -> Iterator[str]:
        word = f"{_MARKS[finding.severity]} {finding.severity.value}"
        head = f"  {self.paint(word, _CODES[finding.severity])}: "
        yield from self._lines(head, 4, finding.message)
        if finding.where:
            yield from self._lines("    where:  ", 12, finding.where)
        for at, line in enumerate((finding.remedy or "").splitlines()):
            yield from self._lines("            " if at else "    remedy: ", 12, line)
        if finding.command:
            head = "            " if finding.remedy else "    remedy: "
            yield from self._lines(head, 12, finding.command, between=" \\")

    def _lines(self, head: str, indent: int, text: str, between: str = "") -> Iterator[str]:
        """The text behind its head, on further lines indented; `between` ends all but the last."""
        text = safe_line(text)
        if self.columns is None:
            yield f"{head}{text}".rstrip()
            return
        width = len(unpainted(head))
        room = max(self.columns - len(between), indent + 10)
        first, *further = filled(" " * width + text, room, " " * indent)
        lines = [head + first[width:], *further]
        yield from (f"{line}{between}" for line in lines[:-1])
        yield lines[-1].rstrip()


def _sum(examination: Examination) -> str:
    counts = [
        (word, sum(found.severity is word for found in examination.findings)) for word in Severity
    ]
    parts = [plural(count, word.value) for word, count in counts if count]
    summary = ", ".join(parts)
    if examination.ok:
        return f"all is well ({summary})" if summary else "all is well"
    return summary or "not everything could be repaired"
