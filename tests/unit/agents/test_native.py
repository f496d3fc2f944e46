"""What the agents keep of a conversation, read from files that their own screens wrote.

`native/` holds them, recorded against the mock model with the versions in their names: two answers
(one after tools), an answer that was broken off and, with claude, a shell command.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents import registry as backends
from clinvk.agents.kit.native import Native
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE

READERS = [name for name in backends.built_in() if backends.get(name).native() is not None]
RECORDED = Path(__file__).with_name("native")
CLAUDE = ("claude-2.1.197.jsonl", "claude-2.1.329.jsonl")
CODEX = "codex-0.169.0.jsonl"
OPENCODE = "opencode-1.18.33.jsonl"
JUNK = ["", "{", "[]", "null", '"x"', "{}", '{"type": 1}', '{"type": "user", "message": 3}', "\0"]


def native(name: str) -> Native:
    """The reader of the backend's files."""
    found = backends.get(name).native()
    assert found is not None
    return found


def lines(name: str) -> list[str]:
    """The lines of a recorded file."""
    return (RECORDED / name).read_text("utf-8").splitlines()


def told(turns: tuple[NativeTurn, ...]) -> list[tuple[str, int | None, bool]]:
    """What matters of turns: prompt, total, and whether it was broken off."""
    return [(turn.prompt[:30], turn.usage.total_tokens, turn.interrupted) for turn in turns]


@pytest.mark.parametrize("name", CLAUDE)
def test_the_turns_of_a_chat_log(name: str) -> None:
    """Each prompt once; an answer's figures once, and unknown where it was broken off."""
    turns = native("claude").turns(lines(name))
    assert told(turns) == [
        ("please fix the flaky login tes", 110, False),
        ("[[write:b.txt|hello]] and [[ru", 330, False),
        ("[[slow:200:100]] interrupted o", None, True),
        ("! ls", 110, False),
    ]
    assert [turn.text[:13] for turn in turns] == [
        "second answer",
        "ran echo hi",
        "You s",
        "You said: <ba",
    ]
    assert all(turn.model and turn.model.startswith("claude-opus") for turn in turns[:2])
    assert len({turn.id for turn in turns}) == 4
    assert all(turn.started_at and turn.ended_at for turn in turns)


def test_the_turns_of_a_rollout() -> None:
    """With the thread's totals after each, against which the next headless turn is measured."""
    turns = native("codex").turns(lines(CODEX))
    assert told(turns) == [
        ("please fix the flaky login tes", 110, False),
        ("[[run:echo hi]] more", 220, False),
        ("[[slow:200:100]] interrupted o", None, True),
    ]
    assert [turn.text for turn in turns] == ["second answer", "ran echo hi", ""]
    totals = [turn.counters["input_tokens"] for turn in turns if isinstance(turn.counters, dict)]
    assert totals == [100, 300, 300]
    assert {turn.model for turn in turns} == {"gpt-5.5"}


def test_a_rollout_that_ends_in_the_middle_of_a_turn_leaves_no_counters() -> None:
    """What it goes on to use is in the thread's totals: the next difference is not known."""
    whole = lines(CODEX)
    at = next(n for n, line in enumerate(whole) if '"task_complete"' in line)
    [turn] = native("codex").turns(whole[:at])
    assert (turn.interrupted, turn.ended_at, turn.counters) == (True, None, None)
    assert turn.usage == UNKNOWN_USAGE


def test_a_rollout_says_whose_it_is() -> None:
    """Id and directory from its first line; a thread that the agent began for itself is none."""
    first = lines(CODEX)[0]
    begun = native("codex").conversation_start(first)
    assert begun is not None
    assert begun.cwd == "/project"
    own = json.loads(first)
    own["payload"]["thread_source"] = "thread_title"
    assert native("codex").conversation_start(json.dumps(own)) is None


@pytest.mark.parametrize("name", CLAUDE)
def test_the_title_of_a_chat_log(name: str) -> None:
    """The agent's own, or the one that a person gave in the agent's screen; not another's."""
    reader = native("claude")
    kept = lines(name)
    session = json.loads(kept[0])["sessionId"]
    assert reader.title(session, kept) == "A title by the agent"
    renamed = json.dumps({"type": "custom-title", "customTitle": "mine", "sessionId": session})
    assert reader.title(session, [renamed, *kept]) == "mine"
    assert reader.title("another", kept) is None


def test_the_name_of_a_thread() -> None:
    """The last line about it counts."""
    index = ['{"id":"a","thread_name":"one"}', '{"id":"b","thread_name":"x"}', "junk a"]
    reader = native("codex")
    assert reader.title("a", index) == "one"
    assert reader.title("a", [*index, '{"id":"a","thread_name":"two"}']) == "two"
    assert reader.title("c", index) is None


@pytest.mark.parametrize(
    ("said", "prompt"),
    [
        ({"content": "plain"}, "plain"),
        ({"content": [{"type": "text", "text": "in a block"}]}, "in a block"),
        ({"content": [{"type": "image"}]}, "[image]"),
        ({"content": [{"type": "tool_result", "content": "x"}]}, None),
        ({"content": "<bash-input>ls -l</bash-input>"}, "! ls -l"),
        ({"content": "<bash-stdout>x</bash-stdout>"}, None),
        ({"content": "<local-command-stdout>x</local-command-stdout>"}, None),
        ({"content": "<task-notification>x</task-notification>"}, None),
        (
            {"content": "<command-name>/review</command-name><command-args>a b</command-args>"},
            "/review a b",
        ),
        ({"content": ""}, None),
    ],
    ids=str,
)
def test_only_prompts_of_the_user_are_prompts(said: dict[str, object], prompt: str | None) -> None:
    """Text that the agent writes into the log as a user message is not one."""
    log = [
        json.dumps({"type": "user", "uuid": "1", "message": said}),
        json.dumps(_answer("an answer")),
    ]
    turns = native("claude").turns(log)
    assert [turn.prompt for turn in turns] == ([] if prompt is None else [prompt])
    for mark in ({"isMeta": True}, {"isCompactSummary": True}, {"origin": {"kind": "hook"}}):
        marked = json.dumps({"type": "user", "uuid": "1", "message": said, **mark})
        assert native("claude").turns([marked, log[1]]) == ()


def test_figures_are_known_in_full_or_not_at_all() -> None:
    """An answer without an end, a sub-agent, or figures of the latter kind: unknown, never less."""
    prompt = json.dumps({"type": "user", "uuid": "1", "message": {"content": "x"}})
    whole = _answer("x")
    reader = native("claude")
    [turn] = reader.turns([prompt, json.dumps(whole)])
    assert turn.usage.total_tokens == 110
    endless = _answer("y", id="2", stop_reason=None)
    task = _answer("z", id="3", content=[{"type": "tool_use", "name": "Task", "input": {}}])
    side = {**_answer("s", id="4"), "isSidechain": True}
    for further in (endless, task, side):
        [turn] = reader.turns([prompt, json.dumps(whole), json.dumps(further)])
        assert turn.usage == UNKNOWN_USAGE


@pytest.mark.parametrize("name", READERS)
@given(junk=st.lists(st.one_of(st.text(max_size=40), st.sampled_from(JUNK)), max_size=6))
def test_no_line_makes_a_reader_raise(name: str, junk: list[str]) -> None:
    """Junk between, before and behind the lines is passed by."""
    reader = native(name)
    recorded = lines({"codex": CODEX, "opencode": OPENCODE}.get(name, CLAUDE[0]))
    for mixed in (junk, [*junk, *recorded[:6], *junk]):
        reader.turns(mixed)
        reader.title("x", mixed)
        for line in mixed:
            reader.conversation_start(line)


@pytest.mark.parametrize("name", [*CLAUDE, CODEX, OPENCODE])
def test_every_prefix_of_a_file_can_be_read(name: str) -> None:
    """A file that is being written to ends anywhere, and turns only ever get more."""
    reader = native(name.partition("-")[0])
    whole = lines(name)
    counts = [len(reader.turns(whole[:end])) for end in range(len(whole) + 1)]
    assert counts == sorted(counts)
    cut = [*whole[:-1], whole[-1][: len(whole[-1]) // 2]]
    assert len(reader.turns(cut)) == counts[-1]


def _answer(text: str, **changed: object) -> dict[str, object]:
    message = {
        "id": "1",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }
    return {"type": "assistant", "message": {**message, **changed}}
