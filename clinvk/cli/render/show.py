"""`sessions show`: a session with its last prompt and answer. `sessions files`: of each turn."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from clinvk.cli.render.dialogue import answer_lines, prompt_lines
from clinvk.cli.render.layout import (
    LABEL_COLUMNS,
    field,
    fields,
    file_lines,
    folded,
    folded_fields,
    format_age,
    how_changed,
    in_columns,
)
from clinvk.cli.streams import Streams
from clinvk.model.files import over_turns, shown_path
from clinvk.model.outcome import StopReason
from clinvk.model.provenance import WITHHELD, provenance_of
from clinvk.model.request import IfMissing
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
from clinvk.services.sessions.list import Shown
from clinvk.text.json_codec import json_list, json_page
from clinvk.text.sanitize import safe_line
from clinvk.text.units import (
    UNKNOWN,
    format_cost,
    format_duration,
    format_time,
    format_tokens,
    format_turns,
)
from clinvk.text.width import display_width

_TOKENS = {
    "Input": "input_tokens",
    "Output": "output_tokens",
    "Cached": "cached_tokens",
    "Total": "total_tokens",
}

_ENDS: Mapping[StopReason | None, str] = {
    StopReason.END_TURN: "answered",
    StopReason.MAX_TURNS: "stopped at the limit of steps",
    StopReason.LENGTH: "cut off at the length limit of the model",
    StopReason.FILTERED: "cut off by the content filter of the model",
    StopReason.BUDGET: "stopped at the budget",
    StopReason.CANCELLED: "interrupted",
    StopReason.TIMEOUT: "interrupted by a time limit",
}

_MOST_OF_PROMPT = 20
"""A prompt may have a whole log; `--turn` shows all of it."""

NOT_RECORDED = "not recorded"
"""Printed for a figure that the settings do not allow to record."""


def render_show(  # noqa: PLR0913  one parameter a form of the output
    shown: Shown,
    streams: Streams,
    *,
    now: datetime,
    as_json: bool,
    figures_kept: bool = True,
    markdown: bool = True,
    write: Callable[[str], None] | None = None,
) -> None:
    """Show the session on stdout; `figures_kept` is False if figures are not recorded.

    On a terminal the answer is rendered if `markdown`. `write` shows the page instead of stdout.
    """
    if as_json:
        from clinvk.published.sessions import shown_to_json

        streams.out_json(json_page(shown_to_json(shown)).decode())
        return
    columns = streams.columns() if streams.stdout_is_tty else None
    usage = _usage(shown.session) if figures_kept else [field("Token Usage", NOT_RECORDED)]
    lines = [*folded((*_head(shown, now), *usage), columns, indent=LABEL_COLUMNS)]
    lines += folded_fields(_rest(shown, figures_kept=figures_kept), columns)
    lines += _without_clinvk(shown, columns)
    lines += _last_turn(shown, streams, markdown=markdown)
    (write or streams.out)("".join(f"{line}\n" for line in lines))


def _head(shown: Shown, now: datetime) -> Iterator[str]:
    session = shown.session
    used = f"{format_time(session.last_used_at)} ({format_age(session.last_used_at, now)})"
    yield field("ID", session.id)
    yield field("Backend", session.backend)
    yield field("Model", session.conversation.model or session.model_asked or UNKNOWN)
    yield field("Status", shown.status.value)
    yield field("Created", format_time(session.created_at))
    yield field("Last Used", used)
    yield field("Working Directory", session.cwd)


def _usage(session: Session) -> Iterator[str]:
    heading = _reported(session, session.turns_reported)
    yield field("Token Usage", heading) if session.partial else "Token Usage:"
    for label, figure in _TOKENS.items():
        tokens = getattr(session.usage, figure)
        counts = session.figure_counts
        in_heading = counts is not None and counts[figure] == session.turns_reported
        more = "" if tokens is None or in_heading else _left_out(session, figure)
        yield field(f"  {label}", f"{format_tokens(tokens)}{more}")


def _left_out(session: Session, figure: str) -> str:
    """The number of turns in the sum, if it is not all turns."""
    if not session.leaves_out(figure):
        return ""
    counts = session.figure_counts
    return f" {'(at least)' if counts is None else _reported(session, counts[figure])}"


def _reported(session: Session, turns: int) -> str:
    return f"({turns} of {session.turns_begun} turns reported)"


def _rest(shown: Shown, *, figures_kept: bool) -> Iterator[str]:
    session, transcript = shown.session, shown.transcript
    damaged, lost = transcript.damaged_lines, transcript.lost_turns(session)
    files = over_turns(turn.outcome.files for turn in transcript.turns)
    yield from _known(
        {
            "Name": session.name,
            "Title": session.title,
            "Tags": ", ".join(session.tags),
            "Cost": _cost(session) if figures_kept else NOT_RECORDED,
            "Turns": format_tokens(session.turns_begun),
            "Last Turn": _how_it_ended(shown),
            "Last Error": _last_error(shown),
        }
    )
    yield from file_lines("Files Changed", files, session.cwd)
    yield from _known(
        {
            "Access": session.access and session.access.value,
            "System Prompt": session.system_prompt,
            "Added Directories": ", ".join(session.add_dirs),
            "Effort": session.effort and session.effort.value,
            "Parent": session.parent,
            "Imported": _imported(session),
            "Archived": "yes" if session.archived else None,
        }
    )
    yield from fields("Agent Session", _conversations(session))
    yield from _known(
        {
            "Started Again": ", ".join(_replaced_conversations(shown)),
            "Damaged Lines": damaged and f"{damaged:,} in the transcript, skipped",
            "Lost": lost and f"{format_turns(lost)} (not in the transcript)",
        }
    )


def _known(values: Mapping[str, object]) -> Iterator[str]:
    return (field(label, str(value)) for label, value in values.items() if value)


def _conversations(session: Session) -> Sequence[str]:
    """The agents' own ids; with those of several agents, each after its agent."""
    known = {one.backend: one.id for one in session.conversations if one.id}
    if set(known) <= {session.backend}:
        return [*known.values()]
    return [f"{backend}:{conversation}" for backend, conversation in known.items()]


def _without_clinvk(shown: Shown, columns: int | None) -> Iterator[str]:
    """The command that resumes it without clinvk; two lines of it can be copied too."""
    if not shown.native_resume:
        return
    enter = f"cd {shlex.quote(shown.session.cwd)} &&"
    resume = shlex.join(shown.native_resume)
    line = field("Without clinvk", f"{enter} {resume}")
    if columns is None or display_width(line) <= columns:
        yield line
    else:
        yield from folded_fields(fields("Without clinvk", (enter, resume)), columns)


def _last_turn(shown: Shown, streams: Streams, *, markdown: bool) -> Iterator[str]:
    """The last prompt and the last answer, as far as they are known."""
    turns = shown.transcript.turns
    if not turns:
        return
    last = turns[-1]
    if last.prompt.strip():
        yield ""
        yield from prompt_lines("Last Prompt", last.prompt, streams, most=_MOST_OF_PROMPT)
    if last.outcome.text.strip():
        yield ""
        label = "Last Answer (incomplete)" if last.interrupted else "Last Answer"
        yield from answer_lines(label, last.outcome.text, streams, markdown=markdown)


def _how_it_ended(shown: Shown) -> str | None:
    """How the last turn ended, and after how long."""
    turns = shown.transcript.turns
    if not turns:
        return None
    outcome, took = turns[-1].outcome, ""
    if outcome.duration_s is not None:
        took = f", {format_duration(outcome.duration_s)}"
    if turns[-1].interrupted:
        return "still running" if shown.status is Status.RUNNING else "interrupted"
    how = "failed" if outcome.failure else "ended"
    return f"{_ENDS.get(outcome.stop_reason, how)}{took}"


def _imported(session: Session) -> str | None:
    """The turns at the import, and the settings in the file that were not applied."""
    imported = provenance_of(session)
    holds = {
        "access": session.access,
        "system_prompt": session.system_prompt,
        "add_dirs": [*session.add_dirs],
    }
    words = [
        f"{name.replace('_', ' ')} `{safe_line(str(imported[name]))[:80]}`"
        for name in WITHHELD
        if imported.get(name) and imported[name] != holds[name]
    ]
    more = f"; not applied: {', '.join(words)}" if words else ""
    return f"after {imported['turns']} turns{more}" if "turns" in imported else None


def _cost(session: Session) -> str:
    cost = format_cost(session.cost_usd)
    return cost if session.cost_usd is None else f"{cost}{_left_out(session, 'cost_usd')}"


def _replaced_conversations(shown: Shown) -> Iterator[str]:
    """The turns that started a new conversation because the agent no longer had the old one."""
    for turn in shown.transcript.turns:
        if turn.conversation_origin:
            how = "replayed" if turn.conversation_origin is IfMissing.REPLAY else "empty"
            yield f"at turn {turn.number} ({how})"


def _last_error(shown: Shown) -> str | None:
    turns = shown.transcript.turns
    failure = turns[-1].outcome.failure if turns else None
    return failure.message if failure else None


def render_files(
    turns: Sequence[Turn],
    streams: Streams,
    *,
    cwd: str,
    as_json: bool,
    write: Callable[[str], None] | None = None,
) -> None:
    """Show the files on stdout, or by `write`: absolute in JSON, else relative to the directory."""
    if as_json:
        from clinvk.published.sessions import files_to_json

        streams.out_json(json_list(files_to_json(turns)).decode())
        return
    rows = [
        (str(turn.number), how_changed(file), safe_line(shown_path(file.path, turn.cwd or cwd)))
        for turn in turns
        for file in turn.outcome.files
    ]
    if not rows:
        streams.err("no file was changed")
        return
    (write or streams.out)("".join(in_columns([("TURN", "CHANGE", "FILE"), *rows])))
