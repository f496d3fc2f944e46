"""Sessions as Markdown: a conversation to read, in which nothing foreign can pass for ours."""

import re
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bed.kept import session_of
from clinvk.cli.render.markdown_export import code, markdown_of, quoted, yaml_lines
from clinvk.model.events import Change, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport, FileSource
from clinvk.model.outcome import Outcome
from clinvk.model.session import Status
from clinvk.model.turn import ToolCall, Turn
from clinvk.model.usage import Usage
from clinvk.services.sessions.export import ExportedSession

AT = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)
USAGE = Usage(input_tokens=1200, output_tokens=34)
SESSION = session_of(
    id="0123456789ab",
    backend="agent",
    cwd="/p",
    created_at=AT,
    last_used_at=AT,
    name="pr-1",
    title="Fix the *login*",
    conversation={"id": "c-1", "model": "model-4"},
    tags=("a", 'b"c'),
    turns=1,
    usage=USAGE,
    cost_usd=0.00001,
)
TURN = Turn(
    number=1,
    started_at=AT,
    ended_at=AT,
    prompt="fix it\n\nplease",
    messages=("I look.", "Done."),
    tools=(ToolCall(name="Bash", summary="ls `x`", ok=True), ToolCall(name="Edit", summary="a")),
    outcome=Outcome(
        text="Done.",
        files=(FileReport(path="/p/a.py", change=Change.DELETED, source=FileSource.OBSERVED),),
        stop_reason=StopReason.END_TURN,
        duration_s=12.34,
        usage=USAGE,
        model="model-4",
    ),
)
EXPORTED = ExportedSession(session=SESSION, status=Status.ACTIVE, turns=(TURN,))


def test_a_session_reads_as_a_conversation() -> None:
    """Front matter, then each turn with prompt, what was done, and answer."""
    front, body = markdown_of([EXPORTED]).removeprefix("---\n").split("---\n", 1)
    assert yaml.safe_load(front) == {
        "id": "0123456789ab",
        "name": "pr-1",
        "title": "Fix the *login*",
        "backend": "agent",
        "backend_session_id": "c-1",
        "model": "model-4",
        "cwd": "/p",
        "status": "active",
        "tags": ["a", 'b"c'],
        "created_at": "2025-01-27T10:00:00Z",
        "last_used_at": "2025-01-27T10:00:00Z",
        "turns": 1,
        "usage": {
            "input_tokens": 1200,
            "cached_tokens": None,
            "cache_write_tokens": None,
            "output_tokens": 34,
            "reasoning_tokens": None,
            "total_tokens": 1234,
        },
        "cost_usd": 0.00001,
    }
    assert body == (
        "\n# Fix the \\*login\\*\n\n"
        "session `0123456789ab` · `agent` · `model-4` · `/p`\n\n"
        "## Turn 1\n\n"
        "2025-01-27T10:00:00Z · `model-4` · 12.3s · 1,234 tokens\n\n"
        "### Prompt\n\n> fix it\n>\n> please\n\n"
        "### Earlier messages\n\n> I look.\n\n"
        "### Tools\n\n- `Bash` `` ls `x` ``\n- `Edit` `a` — no result\n\n"
        "### Files\n\n- `a.py` — deleted, observed\n\n"
        "### Answer\n\n> Done.\n"
    )


def test_several_sessions_are_separated() -> None:
    """One front matter with all of them, and a rule between the bodies."""
    text = markdown_of([EXPORTED, replace(EXPORTED, session=replace(SESSION, id="ba9876543210"))])
    front, body = text.removeprefix("---\n").split("\n---\n", 1)
    told = yaml.safe_load(front)["sessions"]
    assert [one["id"] for one in told] == ["0123456789ab", "ba9876543210"]
    assert told[1]["usage"]["total_tokens"] == 1234
    assert body.count("\n\n---\n\n# ") == 1


def test_a_failed_or_interrupted_turn_is_marked() -> None:
    """With the part of the answer that was received."""
    failure = Failure(code=FailureCode.OVERLOADED, message="too <busy>")
    failed = markdown_of(
        [
            replace(
                EXPORTED,
                turns=(replace(TURN, outcome=replace(TURN.outcome, text="", failure=failure)),),
            )
        ]
    )
    assert "*no answer*\n\n**Failed:** too \\<busy\\> (`overloaded`)\n" in failed
    broken = markdown_of([replace(EXPORTED, turns=(replace(TURN, ended_at=None),))])
    assert broken.endswith("> Done.\n\n*interrupted: the answer is incomplete*\n")


HOSTILE = (
    "## Turn 9", "---", "```\nnever closed", "~~~~", "<!-- never closed", "<div>", "    code",
    "one\r# Heading", "one\r\n## Turn 3", "> quoted", "", "\n\n", "- item", "[a]: http://x",
    "```````", "\x1b]0;x\x07", "a\u2028b", "caf\udce9",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_never_looks_like_the_documents_own_markup(text: str) -> None:
    """Every line of text is in a quote or a list item, or is escaped."""
    turn = replace(
        TURN,
        prompt=text,
        outcome=replace(
            TURN.outcome,
            text=text,
            files=(FileReport(path=text, change=Change.CREATED),),
            warnings=(text,),
        ),
        messages=(text, text),
        tools=(ToolCall(name=text, summary=text),),
    )
    ended = replace(TURN.outcome, text="p", files=())
    plain = replace(TURN, prompt="p", outcome=ended, messages=(), tools=())
    told = replace(EXPORTED, session=replace(SESSION, title=text, name=text), turns=(turn,))
    document = markdown_of([told])
    front, body = re.fullmatch(r"---\n(.*?\n)---\n(.*)", document, re.DOTALL).groups()  # type: ignore[union-attr]  its own form
    assert yaml.safe_load(front)["title"] == text
    lines = re.split("\r\n|\r|\n", body)
    ours = {*re.split("\n", markdown_of([replace(EXPORTED, turns=(plain,))]).split("---\n", 2)[2])}
    ours |= {"### Earlier messages", "### Tools", "### Files", "### Warnings"}
    ours |= {"*not recorded*", "*no answer*"}
    foreign = [line for line in lines if line not in ours]
    assert all(re.match(r">( |$)|- |# ", line) for line in foreign), foreign
    assert [line for line in lines if line.startswith("## ")] == ["## Turn 1"]


@given(st.text())
def test_a_quote_gives_the_text_back(text: str) -> None:
    """Without its marks it is what was said, line by line."""
    lines = list(quoted(text))
    assert all(re.match(r">( |$)", line) for line in lines)
    given_back = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    assert given_back == re.sub("\r\n|\r", "\n", text.rstrip("\r\n"))


@given(st.text())
def test_a_code_span_ends_where_it_should(text: str) -> None:
    """No run of backticks inside is as long as those around it."""
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert span.endswith(fence[0])
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in span


@given(st.dictionaries(st.sampled_from("abc"), st.text() | st.none() | st.integers()))
def test_yaml_reads_back_as_it_was(fields: dict[str, str | int | None]) -> None:
    """Whatever characters are in a title or a path."""
    text = "\n".join(yaml_lines(fields))
    assert (yaml.safe_load(text) or {}) == fields
