"""Sessions as Markdown that reads like a conversation.

The front matter has the fields of the session, or of each session under `sessions`. Then each
session has a heading, followed by its turns.

Text from users and agents is in block quotes (each line starts with `>`), in code spans, or
escaped. So a heading, an open fence, HTML or front matter in an answer cannot affect the document.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from clinvk.cli.render.layout import how_changed
from clinvk.cli.render.permission_answer import answer_words
from clinvk.model.files import shown_path
from clinvk.model.session import Session, Status
from clinvk.model.tool_names import common_name
from clinvk.model.turn import Turn
from clinvk.services.sessions.export import ExportedSession
from clinvk.text.sanitize import safe_line
from clinvk.text.title import UNTITLED
from clinvk.text.units import format_cost, format_duration, format_time, format_tokens

Scalar = str | int | float | None

Head = tuple[Session, Status]
"""A session, and its current status."""

_LINE_END = re.compile("\r\n|\r|\n")
_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|$#])")
_BACKTICKS = re.compile("`+")
# Characters that JSON allows in a string, but YAML forbids or treats as a line end.
_UNPRINTABLE = re.compile(
    "[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

_HOW = {True: "", False: " — failed", None: " — no result"}


def markdown_of(sessions: Sequence[ExportedSession]) -> str:
    """The document; terminal control characters are still in it."""
    heads = ((one.session, one.status) for one in sessions)
    return "".join(markdown_parts(heads, sessions))


def markdown_parts(heads: Iterable[Head], sessions: Iterable[ExportedSession]) -> Iterator[str]:
    """The document in parts. The fields of all sessions come first, so they are read before.

    Each session is read before the next.
    """
    yield from _ended(_front_matter(heads))
    for number, one in enumerate(sessions):
        yield "\n---\n" if number else ""
        yield "\n"
        yield from _ended(_session(one))


def _ended(lines: Iterable[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def _front_matter(heads: Iterable[Head]) -> Iterator[str]:
    rest = iter(heads)
    first = list(islice(rest, 2))
    yield "---"
    if len(first) == 1:
        yield from _fields(*first[0])
    else:
        yield "sessions:" if first else "sessions: []"
        for head in chain(first, rest):
            for number, line in enumerate(_fields(*head)):
                yield f"  {'-' if number == 0 else ' '} {line}"
    yield "---"


def _fields(session: Session, status: Status) -> Iterator[str]:
    return yaml_lines(
        {
            "id": session.id,
            "name": session.name,
            "title": session.title,
            "backend": session.backend,
            "backend_session_id": session.conversation.id,
            "model": session.conversation.model or session.model_asked,
            "cwd": session.cwd,
            "status": status.value,
            "tags": session.tags,
            "created_at": format_time(session.created_at),
            "last_used_at": format_time(session.last_used_at),
            "turns": session.turns,
            "usage": session.usage.figures,
            "cost_usd": session.cost_usd,
        }
    )


def _session(exported: ExportedSession) -> Iterator[str]:
    session = exported.session
    yield f"# {plain(session.title) or UNTITLED}"
    yield ""
    known = (session.backend, session.conversation.model or session.model_asked, session.cwd)
    yield " · ".join(("session " + code(session.id), *(code(one) for one in known if one)))
    for turn in exported.turns:
        yield ""
        yield from _turn(turn, session)


def _turn(turn: Turn, session: Session) -> Iterator[str]:
    outcome, text = turn.outcome, turn.outcome.text
    yield f"## Turn {turn.number}"
    yield ""
    yield " · ".join(_facts(turn))
    yield from _section("Prompt", list(quoted(turn.prompt)) if turn.prompt else ["*not recorded*"])
    earlier = [message for message in turn.messages if message.strip() not in ("", text.strip())]
    if not turn.interrupted:
        yield from _section("Earlier messages", _paragraphs(earlier))
    yield from _section("Tools", list(_calls(turn)))
    yield from _section("Asked", list(_asked(turn)))
    yield from _section("Files", list(_files(turn, session)))
    yield from _section("Warnings", [f"- {plain(warning)}" for warning in outcome.warnings])
    yield from _section("Answer", list(quoted(text)) if text else ["*no answer*"])
    if turn.was_interrupted:
        yield from ("", "*interrupted: the answer is incomplete*")
    if (failure := outcome.failure) is not None:
        yield from ("", f"**Failed:** {plain(failure.message)} ({code(failure.code)})")


def _section(title: str, lines: list[str]) -> Iterator[str]:
    """A section with a heading; nothing if there are no lines."""
    if lines:
        yield from ("", f"### {title}", "", *lines)


def _paragraphs(texts: Sequence[str]) -> list[str]:
    """The texts as quotes, separated by a line that is not quoted."""
    lines: list[str] = []
    for text in texts:
        lines += [*([""] if lines else []), *quoted(text)]
    return lines


def _facts(turn: Turn) -> Iterator[str]:
    outcome = turn.outcome
    yield format_time(turn.started_at)
    if outcome.model:
        yield code(outcome.model)
    if outcome.duration_s is not None:
        yield format_duration(outcome.duration_s)
    if outcome.usage.total_tokens is not None:
        yield f"{format_tokens(outcome.usage.total_tokens)} tokens"
    if outcome.cost_usd is not None:
        yield plain(format_cost(outcome.cost_usd))


def _calls(turn: Turn) -> Iterator[str]:
    for call in turn.tools:
        named = " ".join(map(code, filter(None, (common_name(call.name), call.summary))))
        yield f"- {named}{_HOW[call.ok]}"


def _asked(turn: Turn) -> Iterator[str]:
    for one in turn.permissions:
        named = " ".join(map(code, filter(None, (common_name(one.tool), one.summary))))
        yield f"- {named} — {plain(answer_words(one.answer))}"


def _files(turn: Turn, session: Session) -> Iterator[str]:
    for file in turn.outcome.files:
        yield f"- {code(shown_path(file.path, turn.cwd or session.cwd))} — {how_changed(file)}"


def quoted(text: str) -> Iterator[str]:
    """The lines of the text as a block quote, with any kind of line end."""
    for line in _LINE_END.split(text.rstrip("\r\n")):
        yield f"> {line}" if line else ">"


def code(text: str) -> str:
    """The text on one line as a code span, with as many backticks as needed."""
    line = safe_line(text)
    longest = max(map(len, _BACKTICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    room = " " if not line or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{room}{line}{room}{fence}"


def plain(text: str) -> str:
    """The text on one line, with all markup escaped."""
    return _SPECIAL.sub(r"\\\1", safe_line(text))


def yaml_lines(
    fields: Mapping[str, Scalar | Sequence[str] | Mapping[str, Scalar]],
) -> Iterator[str]:
    """The fields as YAML, one per line; those of an inner mapping are indented below it."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield f"{key}:"
            for name, inner in value.items():
                yield f"  {name}: {_scalar(inner)}"
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{key}: [{', '.join(map(_scalar, value))}]"
        else:
            yield f"{key}: {_scalar(value)}"


def _scalar(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_UNPRINTABLE.sub(_escape, escaped)}"'


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
