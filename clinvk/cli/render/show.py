"""`sessions show`: all details of one session. `sessions files`: the files of each turn."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime

from clinvk.cli.render.layout import field, file_lines, format_age, how_changed, in_columns
from clinvk.cli.streams import Streams
from clinvk.model.files import over_turns, shown_path
from clinvk.model.provenance import WITHHELD, provenance_of
from clinvk.model.request import IfMissing
from clinvk.model.session import Session
from clinvk.model.turn import Turn
from clinvk.services.sessions.list import Shown
from clinvk.text.json_codec import json_list, json_page
from clinvk.text.sanitize import safe_line
from clinvk.text.units import UNKNOWN, format_cost, format_time, format_tokens, format_turns

_TOKENS = {
    "Input": "input_tokens",
    "Output": "output_tokens",
    "Cached": "cached_tokens",
    "Total": "total_tokens",
}

NOT_RECORDED = "not recorded"
"""Printed for a figure that the settings do not allow to record."""


def render_show(
    shown: Shown, streams: Streams, *, now: datetime, as_json: bool, figures_kept: bool = True
) -> None:
    """Show the session on stdout; `figures_kept` is False if figures are not recorded."""
    if as_json:
        from clinvk.published.sessions import shown_to_json

        streams.out_json(json_page(shown_to_json(shown)).decode())
        return
    usage = _usage(shown.session) if figures_kept else [field("Token Usage", NOT_RECORDED)]
    lines = (*_head(shown, now), *usage, *_rest(shown, figures_kept=figures_kept))
    streams.out("".join(f"{line}\n" for line in lines))


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
    known = {
        "Name": session.name,
        "Title": session.title,
        "Tags": ", ".join(session.tags),
        "Cost": _cost(session) if figures_kept else NOT_RECORDED,
        "Turns": format_tokens(session.turns_begun),
        "Access": session.access and session.access.value,
        "Imported": _imported(session),
        "Archived": "yes" if session.archived else None,
        "Last Error": _last_error(shown),
        "Parent": session.parent,
        "Agent Session": session.conversation.id,
        "Started Again": ", ".join(_replaced_conversations(shown)),
        "Damaged Lines": damaged and f"{damaged:,} in the transcript, skipped",
        "Lost": lost and f"{format_turns(lost)} (not in the transcript)",
    }
    for label, value in known.items():
        if value:
            yield field(label, value)
    yield from file_lines("Files Changed", files, session.cwd)
    if shown.native_resume:
        command = f"cd {shlex.quote(session.cwd)} && {shlex.join(shown.native_resume)}"
        yield field("Without clinvk", command)


def _imported(session: Session) -> str | None:
    """The turns at the import, and the settings in the file that were not applied."""
    imported = provenance_of(session)
    holds = {"access": session.access, "system_prompt": session.system_prompt}
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


def render_files(turns: Sequence[Turn], streams: Streams, *, cwd: str, as_json: bool) -> None:
    """Show the files on stdout: relative to the turn's directory in text, absolute in JSON."""
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
    streams.out("".join(in_columns([("TURN", "CHANGE", "FILE"), *rows])))
