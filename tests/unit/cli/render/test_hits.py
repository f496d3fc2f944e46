"""`sessions search`, for a person and for a program."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.cli.render.hits import render_hits
from clinvk.model.session import Session, Status
from clinvk.services.search.query import parse_query
from clinvk.services.search.ranking import Field
from clinvk.services.search.search import Found, Hit
from clinvk.services.search.snippet import snippet_of
from clinvk.services.sessions.list import Listed
from clinvk.text.width import display_width

NOW = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)


def hit(
    text: str, query: str, *, turn: int | None = 2, field: Field = Field.ANSWER, **said: Any
) -> Hit:
    """A hit in that text, in a session that was used half an hour ago."""
    used = NOW - timedelta(minutes=30)
    usual = {"id": "7f3a9c2b11dd", "backend": "agent", "cwd": "/w", "title": "fix the bug"}
    session = Session(**{**usual, "created_at": used, "last_used_at": used, **said})
    return Hit(
        listed=Listed(session=session, status=Status.ACTIVE),
        rank=3,
        turn=turn,
        field=field,
        snippet=snippet_of(text, parse_query(query).wanted),
    )


HITS = Found(
    hits=(
        hit("the Login page", "login"),
        hit("login", "login", turn=None, field=Field.TAG, id="a1", archived=True, title=""),
    ),
    unreadable=("cannot read `/h/x.jsonl`: it is a symbolic link",),
    damaged_lines=1200,
)


def test_a_hit_is_the_session_and_the_place(screen: Any) -> None:
    """Plain where it is piped; what was passed by is said on stderr."""
    render_hits(HITS, screen.streams(), now=NOW)
    assert screen.out.getvalue() == (
        "7f3a9c2b11dd  agent  30 minutes ago  fix the bug\n"
        "  turn 2, answer: the Login page\n"
        "a1            agent  30 minutes ago  (archived) untitled\n"
        "  tag: login\n"
    )
    assert screen.err.getvalue() == (
        "warning: cannot read `/h/x.jsonl`: it is a symbolic link; not searched\n"
        "warning: skipped 1,200 damaged lines of transcripts that may match\n"
    )


def test_much_that_cannot_be_searched_is_one_warning(screen: Any) -> None:
    """How much it is, the first of it, and the way out."""
    unreadable = tuple(f"cannot read `/h/{number}.jsonl`" for number in range(2_000))
    render_hits(replace(HITS, unreadable=unreadable, damaged_lines=0), screen.streams(), now=NOW)
    assert screen.err.getvalue() == (
        "warning: 2,000 sessions could not be searched; the first:\n"
        "         not searched: cannot read `/h/0.jsonl`\n"
        "         not searched: cannot read `/h/1.jsonl`\n"
        "         not searched: cannot read `/h/2.jsonl`\n"
        "         … and 1,997 more; `clinvk doctor` lists them\n"
    )


def test_records_whose_transcripts_were_searched_are_one_warning(screen: Any) -> None:
    """A few are named."""
    for count in (1, 2_000):
        rebuilt = tuple(f"cannot read `/h/{number}.json`" for number in range(count))
        found = replace(HITS, unreadable=(), rebuilt=rebuilt, damaged_lines=0)
        render_hits(found, screen.streams(), now=NOW)
    assert screen.err.getvalue() == (
        "warning: cannot read `/h/0.json`; its transcript was searched\n"
        "warning: 2,000 records cannot be read, their transcripts were searched;"
        " `clinvk doctor` lists them\n"
    )


def test_on_a_terminal_the_match_is_highlighted_and_a_line_is_a_line(screen: Any) -> None:
    """Whatever the width, the place where a text was cut off, and the script."""
    found = Found(
        hits=(
            hit(
                "日本語 " * 9 + "\uff2c\uff4f\uff47\uff49\uff4e " + "ü" * 400,
                "login",
                title="題" * 90,
            ),
        )
    )
    for width in (200, 80, 40, 20):
        here = type(screen)()
        render_hits(found, here.streams(out_tty=True, color=True, width=width), now=NOW)
        shown = here.out.getvalue()
        assert ("\x1b[1;33m\uff2c\uff4f\uff47\uff49\uff4e\x1b[0m" in shown) == (width >= 80)
        plain = shown.replace("\x1b[1;33m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")
        assert all(display_width(line) <= width for line in plain.splitlines())
        assert len(plain.splitlines()) == 2


def test_nothing_of_an_agent_reaches_the_terminal_as_it_is(screen: Any) -> None:
    """Titles, names and texts may quote anything."""
    evil = "a\x1b]0;x\x07\x1b[2Jb \u202elogin\n\x9b31m"
    render_hits(Found(hits=(hit(evil, "login", title=evil),)), screen.streams(), now=NOW)
    shown = screen.out.getvalue()
    assert shown.count("\n") == 2
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown)


def test_as_json_it_is_the_list_with_the_match(screen: Any) -> None:
    """`marks` are offsets into the snippet, by characters."""
    render_hits(HITS, screen.streams(), now=NOW, as_json=True)
    first, second = json.loads(screen.out.getvalue())
    assert (first["id"], first["status"], second["archived"]) == ("7f3a9c2b11dd", "active", True)
    assert first["match"] == {
        "turn": 2,
        "field": "answer",
        "snippet": "the Login page",
        "marks": [[4, 9]],
        "rank": 3,
    }
    assert (second["match"]["turn"], second["match"]["field"]) == (None, "tag")


def test_ids_stand_alone(screen: Any) -> None:
    """One a line, for a shell."""
    render_hits(HITS, screen.streams(), now=NOW, ids=True)
    assert screen.out.getvalue() == "7f3a9c2b11dd\na1\n"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("Xyl", "has the word `Xyl`"),
        ('"a b"', 'has the phrase `"a b"`'),
        ('a\x1b[2m "b  c"', 'has any of `a`, `"b c"`'),
        ("x" * 200, f"has the word `{'x' * 59}…`"),
        (None, "matches, but each word of the query occurs in one"),
    ],
)
def test_no_hit_is_said_on_stderr_with_the_words_that_are_nowhere(
    screen: Any, query: str | None, told: str
) -> None:
    """And stdout is what a program expects: nothing, or an empty array."""
    found = Found(hits=(), nowhere=parse_query(query).wanted if query else ())
    render_hits(found, screen.streams(), now=NOW)
    assert (screen.out.getvalue(), screen.err.getvalue()) == ("", f"no session {told}\n")
    here = type(screen)()
    render_hits(found, here.streams(), now=NOW, as_json=True, selected=True)
    assert (here.out.getvalue(), here.err.getvalue()) == ("[]\n", f"no selected session {told}\n")
