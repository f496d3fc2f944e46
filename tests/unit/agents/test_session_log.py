"""Session logs, as Gemini CLI 0.61.0 wrote them: an answer, one after tools, a failed prompt.

Each turn resumed the conversation; the last was killed in the middle of its answer.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents.gemini.session_log import SessionLog
from clinvk.model.usage import UNKNOWN_USAGE

LINES = (Path(__file__).with_name("native") / "gemini-0.61.0.jsonl").read_text("utf-8").splitlines()
LOG = SessionLog(answer="gemini")
PROMPTS = [
    "please fix the flaky login test [[think:Let me see.]]",
    "[[write:b.txt|hello]] and [[run:ls]] please",
    "[[gate]] interrupted one",
]
JUNK = ["", "{", "[]", "null", '{"id": 3}', '{"$set": {"messages": 4}}', '{"$rewindTo": []}', "\0"]


def test_the_turns_are_those_that_are_left() -> None:
    """The failed prompt was taken back by the agent, tools and context are no prompts."""
    turns = LOG.turns(LINES)
    assert [turn.prompt for turn in turns] == PROMPTS
    assert [turn.interrupted for turn in turns] == [False, False, True]
    assert turns[0].text.startswith("You said: please fix the flaky login test.")
    assert turns[1].text == "ran ls"
    assert {turn.model for turn in turns[:2]} == {"gemini-2.5-pro"}
    assert {turn.usage for turn in turns} == {UNKNOWN_USAGE}
    assert len({turn.id for turn in turns}) == 3


def test_a_turn_keeps_its_id_however_much_follows() -> None:
    """What was seen before a screen opened is told from what was said in it."""
    ids = [turn.id for turn in LOG.turns(LINES)]
    for count in range(len(LINES)):
        before = [turn.id for turn in LOG.turns(LINES[:count])]
        assert set(before) - set(ids) <= {turn.id for turn in LOG.turns(LINES[:count])[-1:]}


def test_a_conversation_can_continue_as_soon_as_a_prompt_is_logged() -> None:
    """Not before: a file with the context only is refused by the agent."""
    held = [SessionLog(answer="").has_content(LINES[:count]) for count in range(len(LINES) + 1)]
    first = held.index(True)
    assert held == [False] * first + [True] * (len(held) - first)
    assert PROMPTS[0] in LINES[first - 1]


def test_a_first_prompt_that_failed_leaves_nothing_to_go_on_with() -> None:
    """The agent sets the messages anew, without it."""
    context = {"id": "1", "type": "user", "content": [{"text": "<session_context>\nx"}]}
    prompt = json.dumps({"id": "2", "type": "user", "content": [{"text": "hello"}]})
    undone = json.dumps({"$set": {"messages": [context]}})
    assert SessionLog(answer="").has_content([prompt])
    assert not SessionLog(answer="").has_content([prompt, undone])
    assert LOG.turns([prompt, undone]) == ()


def test_what_was_rewound_is_gone() -> None:
    """From the message that it was rewound to, with all that came after."""
    said = [
        json.dumps({"id": name, "type": "user", "content": name})
        for name in ("one", "two", "three")
    ]
    rewound = [*said, json.dumps({"$rewindTo": "two"})]
    assert [turn.prompt for turn in LOG.turns(rewound)] == ["one"]
    assert SessionLog(answer="").has_content(rewound)
    everything = [*said, json.dumps({"$rewindTo": "never seen"})]
    assert LOG.turns(everything) == ()
    assert not SessionLog(answer="").has_content(everything)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_between_the_lines_changes_nothing(junk: str) -> None:
    """A line that makes no sense is passed by."""
    mixed = [each for line in LINES for each in (junk, line)]
    assert LOG.turns(mixed) == LOG.turns(LINES)


@given(st.lists(st.sampled_from(LINES) | st.text() | st.sampled_from(JUNK)))
def test_no_lines_whatever_make_it_raise(lines: list[str]) -> None:
    """Cut off, repeated, out of order: it answers all the same."""
    LOG.turns(lines)
    SessionLog(answer="").has_content(lines)
