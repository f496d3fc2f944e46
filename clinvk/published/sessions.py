"""The JSON output of `clinvk sessions`: each object is created here, and only here."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from clinvk.model.files import file_to_json, over_turns
from clinvk.model.outcome import stop_word
from clinvk.model.portable import EXPORT_VERSION, LargeLine, PortableSession
from clinvk.model.report import ErrorReport
from clinvk.model.turn import Permission, Turn
from clinvk.model.usage import UNKNOWN_USAGE
from clinvk.published import chosen
from clinvk.published.run import error_to_json
from clinvk.store.sessions.record_fields import CONVERSATION, encode, write_fields
from clinvk.text.json_codec import json_line, time_to_text

if TYPE_CHECKING:
    from clinvk.model.session import Session
    from clinvk.services.search.search import Hit
    from clinvk.services.sessions.clean import Cleaned, Sweep, Swept
    from clinvk.services.sessions.each import Applied
    from clinvk.services.sessions.importing import Imported
    from clinvk.services.sessions.lifecycle import Deleted, DeletionTarget
    from clinvk.services.sessions.list import Listed, Shown
    from clinvk.store.index.rebuild import IndexDiff
    from clinvk.store.sessions.records import DamagedRecord


SHOWN_SCHEMA = 1
"""The schema of the object of `sessions show --json`; records have their own schema."""


def session_to_json(listed: "Listed") -> dict[str, Any]:
    """One session in a list."""
    session = listed.session
    return {
        **chosen(session, "id", "name", "title", "backend"),
        "status": listed.status,
        "cwd": session.cwd,
        "model": session.conversation.model,
        "created_at": time_to_text(session.created_at),
        "last_used_at": time_to_text(session.last_used_at),
        "turns": session.turns_begun,
        "turns_reported": session.turns_reported,
        "usage": session.usage.figures,
        "cost_usd": session.cost_usd,
        "figures_reported": session.figure_counts,
        **chosen(session, "tags", "archived"),
    }


def damaged_to_json(record: "DamagedRecord") -> dict[str, Any]:
    """A record in a list that cannot be read: unknown values are null."""
    unknown = ("name", "title", "backend", "cwd", "model", "created_at", "last_used_at")
    return {
        "id": record.id_guess,
        "status": record.status,
        "path": str(record.path),
        "reason": record.reason,
        **dict.fromkeys((*unknown, "turns", "turns_reported")),
        "usage": UNKNOWN_USAGE.figures,
        "cost_usd": None,
        "figures_reported": None,
        "tags": [],
        "archived": False,
    }


def hit_to_json(hit: "Hit") -> dict[str, Any]:
    """One hit of a search: the session as in a list, and the place of the match."""
    return {
        **session_to_json(hit.listed),
        "match": {
            **chosen(hit, "turn", "field"),
            "snippet": hit.snippet.text,
            "marks": hit.snippet.marks,
            "rank": hit.rank,
        },
    }


def shown_to_json(shown: "Shown") -> dict[str, Any]:
    """The record's fields with the current status and number of turns, and the turns.

    `turns` includes an open or interrupted turn, as in the list; totals may not include it.
    """
    turns = shown.transcript.turns
    # The conversation with the agent of the last turn, in the form of records of schema 1.
    conversation = write_fields(shown.session.conversation, CONVERSATION)
    del conversation["heard_through"]
    return {
        **encode(shown.session),
        **conversation,
        "schema": SHOWN_SCHEMA,
        "status": shown.status,
        "turns": shown.session.turns_begun,
        **chosen(shown, "native_resume"),
        "files": [file_to_json(file) for file in over_turns(turn.outcome.files for turn in turns)],
        "damaged_lines": shown.transcript.damaged_lines,
        "turn_list": [turn_to_json(turn, shown.session.id) for turn in turns],
    }


def turn_to_json(turn: Turn, session_id: str) -> dict[str, Any]:
    """One turn of a session."""
    outcome, failure = turn.outcome, turn.outcome.failure
    return {
        "turn": turn.number,
        "backend": turn.backend,
        "started_at": time_to_text(turn.started_at),
        "ended_at": time_to_text(turn.ended_at) if turn.ended_at else None,
        "interrupted": turn.was_interrupted,
        **chosen(turn, "interactive"),
        "afresh": turn.conversation_origin,
        "prompt": turn.prompt,
        **chosen(outcome, "text", "structured"),
        **chosen(turn, "messages"),
        "tools": [asdict(call) for call in turn.tools],
        "permissions": [_permission_to_json(one) for one in turn.permissions],
        "files": [file_to_json(file) for file in outcome.files],
        **chosen(outcome, "warnings"),
        "stop_reason": outcome.stop_reason and stop_word(outcome.stop_reason),
        **chosen(outcome, "exit_code", "duration_s"),
        "usage": outcome.usage.figures,
        **chosen(outcome, "cost_usd", "model"),
        "error": failure
        and {
            **error_to_json(ErrorReport.of_failure(failure, session_id)),
            "detail": failure.detail,
        },
    }


def _permission_to_json(one: Permission) -> dict[str, Any]:
    """What was asked, and its answer without the id."""
    names = ("decision", "by", "rule", "reason", "command")
    answer = one.answer
    return {**chosen(one, "tool", "summary"), "answer": answer and chosen(answer, *names)}


def files_to_json(turns: Sequence[Turn]) -> Iterator[dict[str, Any]]:
    """The files that the turns changed, with the turn of each."""
    changed = ((turn.number, file) for turn in turns for file in turn.outcome.files)
    return ({"turn": number, **file_to_json(file)} for number, file in changed)


def changed_to_json(one: "Applied[Session, bool]", done: str) -> dict[str, Any]:
    """The outcome for one of several sessions; `done` is the word for success."""
    return {
        **chosen(one.target, "id", "title"),
        "outcome": "failed" if one.error else done if one.result else "unchanged",
        "error": one.error and error_to_json(ErrorReport.of_error(one.error)),
    }


def deleted_to_json(one: "Applied[DeletionTarget, Deleted]") -> dict[str, Any]:
    """The outcome of deleting a session."""
    native = one.result.native if one.result else None
    return {
        "id": one.target.id,
        "title": one.target.session.title if one.target.session else None,
        "outcome": "failed" if one.error else "deleted",
        "freed_bytes": one.result.freed if one.result else 0,
        "agent_transcripts": [str(path) for path in native.files] if native else [],
        "error": one.error and error_to_json(ErrorReport.of_error(one.error)),
    }


def cleaned_to_json(cleaned: "Cleaned", sweep: "Sweep") -> dict[str, Any]:
    """What `sessions clean` did or, in a dry run, would do."""
    return {
        "dry_run": sweep.dry_run,
        "older_than_s": sweep.older_than_s,
        "archive": str(sweep.archive) if sweep.archive else None,
        "cleaned": len(cleaned.swept),
        "freed_bytes": cleaned.freed,
        "temporary_files": cleaned.leftovers,
        "sessions": [_swept_to_json(one) for one in cleaned.swept],
        **chosen(cleaned, "in_use", "undated"),
        "failed": [
            {"id": session_id, "error": error_to_json(ErrorReport.of_error(error))}
            for session_id, error in cleaned.failed
        ],
    }


def _swept_to_json(one: "Swept") -> dict[str, Any]:
    session = one.session
    return {
        **chosen(session, "id", "title", "backend"),
        "last_used_at": time_to_text(session.last_used_at),
        "bytes": one.size,
        "moved_to": [str(path) for path in one.moved_to],
        "agent_transcripts": [str(path) for path in one.native.files] if one.native else [],
    }


def imported_to_json(done: "Imported") -> dict[str, Any]:
    """What `sessions import` did."""
    return {
        **chosen(done, "imported", "updated", "present", "different"),
        "refused": [asdict(one) for one in done.refused],
        **chosen(done, "warnings"),
    }


def index_diff_to_json(diff: "IndexDiff") -> dict[str, int]:
    """The difference between the index and the files."""
    return asdict(diff)


def export_parts(sessions: Iterable[PortableSession]) -> Iterator[bytes]:
    """The JSON document that `import` reads, in parts; each line of a transcript is one line in it.

    The sessions are read one after the other.
    """
    yield b'{"clinvk_export": %d, "sessions": [\n' % EXPORT_VERSION
    for number, one in enumerate(sessions):
        yield b",\n" if number else b""
        yield b'{"record": %s, "transcript": [' % json_line(one.record).removesuffix(b"\n")
        for place, line in enumerate(one.transcript):
            yield b",\n" if place else b"\n"
            if isinstance(line, LargeLine):
                yield from line.blocks()
            else:
                yield json_line(line).removesuffix(b"\n")
        yield b"\n]}"
    yield b"\n]}\n"
