"""What opencode keeps of a conversation: rows of its database, read as lines.

`native/` holds the lines of one that its own screen wrote: two answers (the second after a tool),
one that was broken off, one that failed, and a shell command of the person's own.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from clinvk.agents import registry as backends
from clinvk.model.conversation import ConversationRows
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE
from clinvk.store.agent_files.conversations import (
    conversation_edges,
    conversation_exists,
    conversation_is_empty,
    conversation_lines,
    conversation_paths,
    first_lines,
    lines_backwards,
)

OPENCODE = backends.get("opencode")
RECORDED = Path(__file__).with_name("native") / "opencode-1.18.33.jsonl"
MODEL = {"providerID": "mock", "modelID": "mock-model"}
USED = {"input": 60, "output": 7, "reasoning": 3, "cache": {"read": 40, "write": 0}}
STEP = {"type": "step-finish", "reason": "stop", "cost": 0.25, "tokens": USED}
SCHEMA = """
CREATE TABLE session (id, parent_id, directory, title, time_created);
CREATE TABLE message (id, session_id, time_created, data);
CREATE TABLE part (id, message_id, session_id, data);
"""


class Kept:
    """A home with opencode's database in it, as far as the queries know it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        folder = home / ".local" / "share" / "opencode"
        folder.mkdir(parents=True)
        self.database = sqlite3.connect(folder / "opencode.db", isolation_level=None)
        self.database.executescript(SCHEMA)

    def session(
        self, session: str, title: str = "a title", parent: str | None = None, at: int = 0
    ) -> None:
        """A session, begun `at` so many seconds after 1970."""
        row = (session, parent, "/code/app", title, at * 1000)
        self.database.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", row)

    def message(self, message: str, said: dict[str, object], *parts: dict[str, object]) -> None:
        """A message of session `s`; its id is its order."""
        row = (message, "s", int(message), json.dumps(said))
        self.database.execute("INSERT INTO message VALUES (?, ?, ?, ?)", row)
        for number, part in enumerate(parts):
            told = (f"{message}-{number}", message, "s", json.dumps(part))
            self.database.execute("INSERT INTO part VALUES (?, ?, ?, ?)", told)

    def asked(self, message: str, *parts: dict[str, object]) -> None:
        """A prompt."""
        self.message(message, {"role": "user", "time": {"created": int(message)}}, *parts)

    def answered(
        self, message: str, parent: str, *parts: dict[str, object], **more: object
    ) -> None:
        """An answer that is complete, unless `more` says otherwise."""
        at = {"created": int(message), "completed": int(message) + 1}
        said = {"role": "assistant", "parentID": parent, "time": at, "finish": "stop", **MODEL}
        self.message(message, {**said, **more}, *parts)

    def turns(self) -> tuple[NativeTurn, ...]:
        """What is read of session `s`."""
        where = OPENCODE.conversation_files("s", self.home, {})
        native = OPENCODE.native()
        assert where is not None
        assert native is not None
        [lines] = conversation_lines(where) or ()
        return native.turns(lines)

    def title(self) -> str | None:
        """The title that is read of session `s`."""
        where = OPENCODE.title_files("s", self.home, {})
        native = OPENCODE.native()
        assert where is not None
        assert native is not None
        [lines] = conversation_edges(where)
        return native.title("s", lines)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Such a home, in which session `s` was begun."""
    home = Kept(tmp_path)
    home.session("s")
    with closing(home.database):
        yield home


def said(words: str, **more: object) -> dict[str, object]:
    """A part of text."""
    return {"type": "text", "text": words, **more}


def test_the_turns_of_a_recorded_conversation() -> None:
    """Each prompt once, with what its steps used; what was broken off or refused is not known.

    A shell command of the person's own is no turn: no model was asked.
    """
    native = OPENCODE.native()
    assert native is not None
    turns = native.turns(RECORDED.read_text("utf-8").splitlines())
    assert [
        (turn.prompt[:26], turn.text[:11], turn.usage.total_tokens, turn.cost_usd) for turn in turns
    ] == [
        ("the first prompt", "You said: t", 110, 0.0002),
        ("[[write:a.txt|x]] second", "wrote a.txt", 220, 0.0004),
        ("[[slow:200:100]] interrupt", "You said", None, None),
        ("[[error:400]] failing", "Invalid req", None, None),
    ]
    assert [turn.interrupted for turn in turns] == [False, False, True, False]
    assert [turn.failed for turn in turns] == [False, False, False, True]
    assert {turn.model for turn in turns} == {"mock/mock-model"}
    assert all(turn.started_at and turn.ended_at for turn in turns)
    assert len({turn.id for turn in turns}) == 4


def test_the_figures_are_the_sum_of_the_steps(kept: Kept) -> None:
    """Caches are a part of the input, and reasoning of the output."""
    kept.asked("1", said("a prompt"))
    kept.answered("2", "1", {**STEP, "reason": "tool-calls"}, finish="tool-calls")
    kept.answered("3", "1", said("an answer"), STEP)
    [turn] = kept.turns()
    usage = turn.usage
    assert (usage.input_tokens, usage.cached_tokens) == (200, 80)
    assert (usage.output_tokens, usage.reasoning_tokens) == (20, 6)
    assert turn.cost_usd == 0.5


@pytest.mark.parametrize(
    "part",
    [
        {**STEP, "reason": "unknown"},
        {**STEP, "tokens": {"output": 3}},
        {"type": "tool", "tool": "task"},
    ],
    ids=["a step broke off", "a step without a figure", "a sub-agent"],
)
def test_figures_are_known_in_full_or_not_at_all(kept: Kept, part: dict[str, object]) -> None:
    """Unknown, never less than was used."""
    kept.asked("1", said("a prompt"))
    kept.answered("2", "1", STEP, part)
    [turn] = kept.turns()
    assert turn.usage == UNKNOWN_USAGE
    assert turn.cost_usd is None


def test_a_prompt_that_comes_in_between_is_a_turn_of_its_own(kept: Kept) -> None:
    """What goes on belongs to the prompt that it answers."""
    kept.asked("1", said("first"))
    kept.asked("2", said("second"))
    kept.answered("3", "1", said("to the first"), STEP)
    kept.answered("4", "2", said("to the second"), STEP)
    assert [(turn.prompt, turn.text) for turn in kept.turns()] == [
        ("first", "to the first"),
        ("second", "to the second"),
    ]


def test_what_the_agent_says_in_a_persons_name_is_no_prompt(kept: Kept) -> None:
    """It belongs to the turn that it came in; the summary of a conversation is no answer."""
    kept.asked("1", said("a prompt"), said("the file's text", synthetic=True))
    kept.answered("2", "1", said("an answer"), STEP)
    kept.asked("3", {"type": "compaction"})
    kept.answered("4", "3", said("all that was said"), STEP, summary=True)
    [turn] = kept.turns()
    assert (turn.prompt, turn.text) == ("a prompt", "an answer")
    assert turn.usage.total_tokens == 220


@pytest.mark.parametrize(
    ("part", "prompt"),
    [({"type": "file"}, "[file]"), ({"type": "subtask", "prompt": "review it"}, "review it")],
    ids=["a file alone", "a command for a sub-agent"],
)
def test_a_prompt_may_be_other_than_text(kept: Kept, part: dict[str, object], prompt: str) -> None:
    """Its turn is told all the same."""
    kept.asked("1", part)
    kept.answered("2", "1", said("an answer"), STEP)
    assert [turn.prompt for turn in kept.turns()] == [prompt]


@pytest.mark.parametrize(
    "more",
    [{"time": {"created": 2}, "finish": None}, {"finish": "tool-calls"}],
    ids=["in the middle of a step", "between two steps"],
)
def test_a_turn_that_has_not_ended_is_one_that_was_broken_off(
    kept: Kept, more: dict[str, object]
) -> None:
    """The agent was killed, say."""
    kept.asked("1", said("a prompt"))
    kept.answered("2", "1", said("so far"), **more)
    [turn] = kept.turns()
    assert (turn.interrupted, turn.ended_at, turn.text) == (True, None, "so far")
    assert turn.usage == UNKNOWN_USAGE


@pytest.mark.parametrize(
    ("title", "told"),
    [("Fix the test", "Fix the test"), ("New session - 2026-01-02T03:04:05.678Z", None)],
)
def test_a_title_is_one_that_was_made(tmp_path: Path, title: str, told: str | None) -> None:
    """The one that every session begins with says nothing."""
    home = Kept(tmp_path)
    home.session("s", title=title)
    home.session("another", title="another title")
    with closing(home.database):
        assert home.title() == told


def test_the_newest_sessions_are_told_without_those_of_sub_agents(kept: Kept) -> None:
    """With their directory and moment, so that a new one can be found."""
    kept.session("newer", at=100)
    kept.session("child", parent="newer", at=101)
    where = OPENCODE.all_conversations(kept.home, {})
    native = OPENCODE.native()
    assert where is not None
    assert native is not None
    begun = [native.conversation_start(line) for line in first_lines(where, since=0)]
    assert [(one.id, one.cwd, one.started_at.timestamp()) for one in begun if one] == [
        ("newer", "/code/app", 100),
        ("s", "/code/app", 0),
    ]


def test_a_session_is_there_if_it_has_a_row(kept: Kept) -> None:
    """One without a message too; its lines can be read from either end."""
    there = OPENCODE.conversation_files("s", kept.home, {})
    gone = OPENCODE.conversation_files("t", kept.home, {})
    assert isinstance(there, ConversationRows)
    assert isinstance(gone, ConversationRows)
    assert conversation_exists(there) is True
    assert conversation_exists(gone) is False
    assert conversation_paths(there) == (there.root,)
    assert conversation_paths(gone) == ()
    assert list(lines_backwards(there)) == ['{"session":"s"}']
    assert conversation_exists(OPENCODE.conversation_files("s", kept.home / "other", {})) is None


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "/home/u/.local/share/opencode/opencode.db"),
        ({"XDG_DATA_HOME": "/data"}, "/data/opencode/opencode.db"),
        ({"OPENCODE_DB": "mine.db"}, "/home/u/.local/share/opencode/mine.db"),
        ({"OPENCODE_DB": "/abs/mine.db"}, "/abs/mine.db"),
    ],
    ids=["default", "data folder", "name", "path"],
)
def test_the_database_is_where_the_agent_keeps_it(environ: dict[str, str], path: str) -> None:
    """Its own variables move it."""
    found = OPENCODE.conversation_files("s", Path("/home/u"), environ)
    assert found is not None
    assert found.root == Path(path)
    nowhere = {"OPENCODE_DB": ":memory:"}
    assert OPENCODE.conversation_files("s", Path("/home/u"), nowhere) is None


def test_a_session_without_anything_to_continue_is_empty(kept: Kept) -> None:
    """Without a message, or with all of them undone; a remaining part is enough."""
    where = OPENCODE.conversation_files("s", kept.home, {})
    kept.asked("1", said("a prompt"))
    assert not conversation_is_empty(where), "the database has other tables: nothing is told"
    kept.database.executescript(
        "ALTER TABLE session ADD COLUMN revert; CREATE TABLE session_message (session_id)"
    )
    assert not conversation_is_empty(where)
    for undone, empty in (
        ({"messageID": "1"}, True),
        ({"messageID": "1", "partID": "1-0"}, True),
        ({"messageID": "1", "partID": "1-1"}, False),
        ({"messageID": "2"}, False),
        (None, False),
    ):
        kept.database.execute("UPDATE session SET revert = ?", [json.dumps(undone)])
        assert conversation_is_empty(where) is empty, undone
    kept.database.execute("DELETE FROM part")
    assert conversation_is_empty(where)
    kept.database.execute("INSERT INTO session_message VALUES ('s')")
    assert not conversation_is_empty(where), "a later version keeps its messages there"
