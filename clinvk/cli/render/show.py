"""`sessions show`: all that is known about one session."""

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from clinvk.cli.render.ago import ago
from clinvk.cli.streams import Streams
from clinvk.model.events import Change
from clinvk.model.report import usage_to_json
from clinvk.model.safe_text import safe_line
from clinvk.model.session import Session
from clinvk.model.turn import Turn
from clinvk.model.units import UNKNOWN, format_cost, format_time, format_tokens
from clinvk.services.sessions import Shown
from clinvk.store.forms import json_page, time_to_text
from clinvk.store.records import encode

_LABEL_COLUMNS = 19


def render_show(shown: Shown, streams: Streams, *, now: datetime, as_json: bool) -> None:
    """Show the session on stdout."""
    if as_json:
        streams.out_utf8(json_page(shown_to_json(shown)).decode())
        return
    lines = (*_head(shown, now), *_usage(shown.session), *_rest(shown))
    streams.out("".join(f"{line}\n" for line in lines))


def _head(shown: Shown, now: datetime) -> Iterator[str]:
    session = shown.session
    used = f"{format_time(session.last_used_at)} ({ago(session.last_used_at, now)})"
    yield _field("ID", session.id)
    yield _field("Backend", session.backend)
    yield _field("Model", session.model or session.model_asked or UNKNOWN)
    yield _field("Status", shown.status.value)
    yield _field("Created", format_time(session.created_at))
    yield _field("Last Used", used)
    yield _field("Working Directory", session.cwd)


def _usage(session: Session) -> Iterator[str]:
    usage = session.usage
    part = session.turns_reported < session.turns
    reported = f"({session.turns_reported} of {session.turns} turns reported)"
    yield _field("Token Usage", reported) if part else "Token Usage:"
    yield _field("  Input", format_tokens(usage.input_tokens))
    yield _field("  Output", format_tokens(usage.output_tokens))
    yield _field("  Cached", format_tokens(usage.cached_tokens))
    yield _field("  Total", format_tokens(usage.total_tokens))


def _rest(shown: Shown) -> Iterator[str]:
    session = shown.session
    known = {
        "Name": session.name,
        "Title": session.title,
        "Tags": ", ".join(session.tags),
        "Cost": format_cost(session.cost_usd),
        "Turns": format_tokens(session.turns),
        "Access": session.access and session.access.value,
        "Archived": "yes" if session.archived else None,
        "Last Error": _last_error(shown),
        "Parent": session.parent,
        "Agent Session": session.conversation,
        "Damaged Lines": _damaged_lines(shown),
    }
    for label, value in known.items():
        if value:
            yield _field(label, value)
    label = "Files Changed"
    for path, change in _files(shown).items():
        yield _field(label, f"{path} ({change.value})")
        label = ""
    if shown.native_resume:
        yield _field("Without clinvk", _native(session.cwd, shown.native_resume))


def _field(label: str, value: str) -> str:
    head = f"{label}:" if label else ""
    return f"{head:<{_LABEL_COLUMNS}}{safe_line(value)}"


def _native(cwd: str, argv: tuple[str, ...]) -> str:
    return f"cd {shlex.quote(cwd)} && {shlex.join(argv)}"


def _last_error(shown: Shown) -> str | None:
    turns = shown.transcript.turns
    failure = turns[-1].failure if turns else None
    return failure.message if failure else None


def _damaged_lines(shown: Shown) -> str | None:
    count = shown.transcript.damaged_lines
    return f"{count:,} in the transcript, passed by" if count else None


def _files(shown: Shown) -> dict[str, Change]:
    """Each path once with what became of it over all turns."""
    changes: dict[str, Change] = {}
    for turn in shown.transcript.turns:
        for file in turn.files:
            before = changes.get(file.path)
            stays = before is Change.CREATED and file.change is Change.MODIFIED
            changes[file.path] = Change.CREATED if stays else file.change
    return changes


def shown_to_json(shown: Shown) -> dict[str, Any]:
    """The record's own fields with the status as it is now, and the turns."""
    native = shown.native_resume
    return {
        **encode(shown.session),
        "status": shown.status.value,
        "native_resume": list(native) if native else None,
        "files": [{"path": path, "change": how.value} for path, how in _files(shown).items()],
        "damaged_lines": shown.transcript.damaged_lines,
        "turn_list": [turn_to_json(turn) for turn in shown.transcript.turns],
    }


def turn_to_json(turn: Turn) -> dict[str, Any]:
    """The published object of one turn."""
    failure = turn.failure
    return {
        "turn": turn.number,
        "started_at": time_to_text(turn.started_at),
        "ended_at": time_to_text(turn.ended_at) if turn.ended_at else None,
        "interrupted": turn.interrupted,
        "prompt": turn.prompt,
        "text": turn.text,
        "messages": list(turn.messages),
        "tools": [
            {"name": call.name, "summary": call.summary, "ok": call.ok} for call in turn.tools
        ],
        "files": [{"path": file.path, "change": file.change.value} for file in turn.files],
        "warnings": list(turn.warnings),
        "stop_reason": turn.stop_reason.value if turn.stop_reason else None,
        "exit_code": turn.exit_code,
        "duration_s": turn.duration_s,
        "usage": usage_to_json(turn.usage),
        "cost_usd": turn.cost_usd,
        "model": turn.model,
        "error": failure
        and {
            "code": failure.code.value,
            "message": failure.message,
            "hint": failure.way_out,
            "retryable": failure.retryable,
        },
    }
