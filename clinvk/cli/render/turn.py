"""`sessions show --turn`: one turn, or only its answer."""

from collections.abc import Callable, Iterator

from clinvk.cli.render.dialogue import answer_lines, prompt_lines
from clinvk.cli.render.layout import field, fields, file_lines, folded_fields, text_lines
from clinvk.cli.render.permission_answer import answer_words
from clinvk.cli.streams import Streams
from clinvk.model.outcome import stop_word
from clinvk.model.request import IfMissing
from clinvk.model.tool_names import common_name
from clinvk.model.turn import Permission, ToolCall, Turn
from clinvk.text.json_codec import json_page
from clinvk.text.sanitize import safe_text
from clinvk.text.units import UNKNOWN, format_cost, format_duration, format_time, format_tokens

_ORIGINS = {
    IfMissing.NEW: "started again, empty",
    IfMissing.REPLAY: "started again with the earlier turns (replayed)",
}
_HOW = {True: "ok", False: "failed", None: "no result"}


def render_turn(  # noqa: PLR0913  one parameter a form of the output
    turn: Turn,
    streams: Streams,
    *,
    session_id: str,
    as_json: bool,
    markdown: bool = True,
    write: Callable[[str], None] | None = None,
) -> None:
    """Show the turn on stdout, or by `write`; on a terminal with `markdown`, rendered."""
    if as_json:
        from clinvk.published.sessions import turn_to_json

        value = {"session_id": session_id, **turn_to_json(turn, session_id)}
        streams.out_json(json_page(value).decode())
        return
    columns = streams.columns() if streams.stdout_is_tty else None
    lines = [*folded_fields((*_head(turn, session_id), *_course(turn)), columns)]
    failure = turn.outcome.failure
    if failure and failure.detail:
        lines += ["", *text_lines("Last Output", failure.detail)]
    lines += ["", *prompt_lines("Prompt", turn.prompt, streams)]
    answer = turn.outcome.text or UNKNOWN
    lines += ["", *answer_lines("Answer", answer, streams, markdown=markdown)]
    (write or streams.out)("".join(f"{line}\n" for line in lines))


def render_answer(turn: Turn, streams: Streams, write: Callable[[str], None] | None = None) -> None:
    """Print the answer unchanged (made safe on a terminal), with a line end; perhaps by `write`."""
    text = turn.outcome.text
    if text:
        text = safe_text(text) if streams.stdout_is_tty else text
        (write or streams.out)(text if text.endswith("\n") else f"{text}\n")
    if turn.was_interrupted:
        streams.err(f"turn {turn.number} was interrupted: the answer is incomplete")
    elif not text:
        streams.err(f"turn {turn.number} has no answer")


def _head(turn: Turn, session_id: str) -> Iterator[str]:
    ended = format_time(turn.ended_at) if turn.ended_at else f"{UNKNOWN} (interrupted)"
    outcome, usage = turn.outcome, turn.outcome.usage
    yield field("Turn", str(turn.number))
    yield field("Session", session_id)
    yield field("Model", outcome.model or turn.model_asked or UNKNOWN)
    yield field("Started", format_time(turn.started_at))
    yield field("Ended", ended)
    took = UNKNOWN if outcome.duration_s is None else format_duration(outcome.duration_s)
    yield field("Duration", took)
    if turn.cwd:
        yield field("Working Directory", turn.cwd)
    yield "Token Usage:"
    yield field("  Input", format_tokens(usage.input_tokens))
    yield field("  Output", format_tokens(usage.output_tokens))
    yield field("  Cached", format_tokens(usage.cached_tokens))
    yield field("  Total", format_tokens(usage.total_tokens))
    yield field("Cost", format_cost(outcome.cost_usd))
    if turn.conversation_origin:
        yield field("Conversation", _ORIGINS[turn.conversation_origin])
    if outcome.stop_reason:
        yield field("Stop Reason", stop_word(outcome.stop_reason))
    if outcome.exit_code is not None:
        yield field("Exit Code", str(outcome.exit_code))


def _course(turn: Turn) -> Iterator[str]:
    outcome = turn.outcome
    yield from fields("Tools", map(_call, turn.tools))
    yield from fields("Asked", map(_asked, turn.permissions))
    yield from file_lines("Files Changed", outcome.files, turn.cwd or "")
    yield from fields("Warnings", outcome.warnings)
    if outcome.failure:
        yield field("Error", outcome.failure.message)


def _call(call: ToolCall) -> str:
    return f"{common_name(call.name)} {call.summary}".rstrip() + f" ({_HOW[call.ok]})"


def _asked(one: Permission) -> str:
    return f"{common_name(one.tool)} {one.summary}".rstrip() + f" ({answer_words(one.answer)})"
