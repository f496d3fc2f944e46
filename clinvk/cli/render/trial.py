"""`clinvk backends test`: a line per check as soon as it ends; or a JSON object."""

from collections.abc import Iterable

from clinvk.cli.streams import Streams
from clinvk.model.trial import Held, Promise, Verdict
from clinvk.text.json_codec import json_page
from clinvk.text.sanitize import safe_line

_MARKS = {Held.YES: "✓", Held.NO: "✗", Held.NOT_TRIED: "\N{EN DASH}"}
_STYLES = {Held.YES: "\x1b[32m", Held.NO: "\x1b[31m", Held.NOT_TRIED: "\x1b[2m"}
_PLAIN = "\x1b[0m"
_COLUMNS = 10


def render_trial(
    name: str, verdicts: Iterable[Verdict], streams: Streams, *, as_json: bool
) -> bool:
    """Show each verdict on stdout; return whether no check failed.

    A message on stderr precedes the first prompt.
    """
    seen: list[Verdict] = []
    for verdict in verdicts:
        seen.append(verdict)
        if not as_json:
            streams.out(f"{_line(verdict, color=streams.color)}\n")
        if verdict.promise is Promise.INSTALLED and verdict.held is Held.YES:
            streams.err(safe_line(f"sending a few real prompts to `{name}`, which can cost money"))
    kept = all(verdict.held is not Held.NO for verdict in seen)
    if as_json:
        from clinvk.published.machine import trial_to_json

        streams.out_json(json_page(trial_to_json(name, seen, ok=kept)).decode())
    return kept


def _line(verdict: Verdict, *, color: bool) -> str:
    mark = _MARKS[verdict.held]
    shown = f"{_STYLES[verdict.held]}{mark}{_PLAIN}" if color else mark
    detail = verdict.detail
    if verdict.held is Held.NOT_TRIED:
        detail = f"not tried: {detail}"
    elif verdict.held is Held.NO:
        detail = f"{detail} (promised: {verdict.promise.meaning})"
    return f"{shown} {verdict.promise.value:<{_COLUMNS}} {safe_line(detail)}"
