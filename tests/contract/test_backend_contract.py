"""What every backend promises, on every stream that was recorded from its agent's CLI.

A backend without recordings fails. `pytest tests/contract --update` rewrites the golden files,
`tests/contract/record.py` the recordings.
"""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bed.budget import budget, some
from bed.directives import read_script
from clinvk.agents import registry as backends
from clinvk.agents.base import WITHOUT_OPTION, Capability
from clinvk.agents.contract import CONVERSATION, ENDS, JUNK, REQUESTED, Subject, verdicts
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    ToolUse,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import total_usage
from clinvk.process.framing import LineFramer
from contract.dialogue import Talk
from contract.replay import Case, all_cases, cases, replay, to_json, with_mode

CASES = all_cases()
EACH_CASE = pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.backend_name}/{case.name}" for case in CASES]
)
DIALOGUES = [case for case in CASES if case.asks]
EACH_DIALOGUE = pytest.mark.parametrize(
    "case", DIALOGUES, ids=[f"{case.backend_name}/{case.name}" for case in DIALOGUES]
)
BILLED = [
    case
    for case in CASES
    if case.name.removeprefix("asks_").startswith(("three_turns_", "usage_cached"))
]
"""The cases whose prompts say what the mock model bills."""

NOT_OPENED = {FailureCode.CONVERSATION_GONE, FailureCode.MODEL_UNKNOWN, FailureCode.AUTH}
"""The failures with which an agent does not take a prompt."""

EACH_BACKEND = pytest.mark.parametrize("name", backends.built_in())

LACKING = [
    (name, capability)
    for name in backends.built_in()
    for capability in REQUESTED
    if capability in backends.get(name).lacks
]


def golden(path: Path, value: Any, *, update: bool) -> None:
    """Compare with the golden file, or write it."""
    if update:
        path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert path.exists(), f"there is no {path.name}: `pytest tests/contract --update`"
    assert value == json.loads(path.read_text("utf-8"))


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="the prompt", cwd=Path("/project"), **asked)


def first_replies(name: str, request: TurnRequest) -> list[bytes]:
    """What is said in a short recorded turn, had this been asked."""
    talk = Talk(backends.get(name).parser(request))
    for line in Case(name, "one_shot").lines:
        talk.feed(line)
    return talk.replies


@cache
def tells_writes(name: str, version: str) -> bool:
    """Whether an agent tells what is written to a cache; OpenAI's chats have no word for it."""
    of_version = [case for case in cases(name) if case.facts["cli_version"] == version]
    last = [replay(case)[-1].usage for case in of_version]
    return any(usage.cache_write_tokens is not None for usage in last)


@EACH_BACKEND
def test_every_backend_has_recorded_streams(name: str) -> None:
    """No backend is believed without recordings of its agent's CLI."""
    assert cases(name), f"record some: `python tests/contract/record.py --backend {name}`"


@EACH_BACKEND
@pytest.mark.thorough
def test_it_passes_the_checks_that_authors_of_other_backends_run(name: str) -> None:
    """`python -m clinvk.agents.contract NAME` holds clinvk's own to the same."""
    for asks in (False, True):
        short = [case for case in cases(name) if len(case.lines) < 60]
        recordings = [case.lines for case in short if case.asks == asks][:8]
        subject = Subject(backend=backends.get(name), recordings=recordings, asks=asks)
        assert [verdict for verdict in verdicts(subject) if verdict.wrong] == []


@EACH_CASE
def test_a_recorded_stream_gives_its_golden_events(case: Case, *, update: bool) -> None:
    """What a CLI printed means exactly what it meant when somebody last looked at it."""
    golden(case.folder / "events.json", to_json(replay(case)), update=update)


@EACH_DIALOGUE
def test_a_recorded_dialogue_gives_its_golden_replies(case: Case, *, update: bool) -> None:
    """What is written to the agent's stdin: its prompt, then the replies to its lines."""
    written = LineFramer().feed(case.invocation.stdin + b"".join(case.talk().replies))
    golden(case.folder / "replies.json", [json.loads(line) for line in written], update=update)


@EACH_DIALOGUE
@pytest.mark.thorough
def test_every_reply_is_one_message_on_one_line(case: Case) -> None:
    """An agent reads JSON by the line, in any of these protocols."""
    for data in (case.invocation.stdin, *case.talk().replies):
        assert data.endswith(b"\n")
        for line in data.split(b"\n")[:-1]:
            assert isinstance(json.loads(line), dict)


@EACH_DIALOGUE
@pytest.mark.thorough
def test_an_answer_within_the_line_is_the_same_as_one_after_it(case: Case) -> None:
    """A rule answers while the events of the line are taken, a person later."""
    assert case.talk(at_once=True).replies == case.talk().replies


@EACH_DIALOGUE
@pytest.mark.thorough
def test_every_request_has_a_name_of_its_own_and_its_tool_was_called(case: Case) -> None:
    """However an agent numbers its requests, an answer is that to one of them."""
    events = replay(case)
    asked = [event for event in events if isinstance(event, PermissionRequest)]
    assert len({request.id for request in asked}) == len(asked)
    called = {event.id: event.name for event in events if isinstance(event, ToolUse)}
    for request in asked:
        if request.tool_use_id in called:
            assert called[request.tool_use_id] == request.tool


@EACH_CASE
@pytest.mark.thorough
def test_only_a_turn_that_asks_is_a_dialogue(case: Case) -> None:
    """Every other turn is the agent's headless one; a request was answered in one that asks."""
    assert case.invocation.dialogue == case.asks
    assert case.asks or not case.answers


@EACH_CASE
def test_a_recorded_request_gives_its_golden_command(case: Case, *, update: bool) -> None:
    """The command line of a request is what somebody last looked at."""
    invocation = case.invocation
    value = {"argv": list(invocation.argv), "files": dict(invocation.files)}
    if invocation.env:
        value["env"] = dict(invocation.env)
    golden(case.folder / "argv.json", value, update=update)
    assert invocation.argv[0] in {case.backend.executable, *case.backend.other_programs}
    assert invocation.cwd == case.request.cwd


@EACH_CASE
@pytest.mark.thorough
def test_the_prompt_goes_to_stdin_and_never_to_the_command_line(case: Case) -> None:
    """A prompt has no length limit and is no business of `ps`."""
    prompt = "\n--help -- `a prompt` of its own {system_prompt} \udcff"
    asked = {**case.facts["request"], "prompt": prompt}
    asked["access"] = asked.get("access") and Access(asked["access"])
    asked["backend_args"] = tuple(asked.get("backend_args", ()))
    request = TurnRequest(cwd=Path("/project"), **with_mode(asked))
    invocation = case.backend.invocation(request)
    sent = prompt.encode("utf-8", errors="replace")
    if invocation.dialogue:  # in the agent's own protocol, a JSON message a line
        sent = json.dumps(sent.decode(), ensure_ascii=False)[1:-1].encode()
        talk = Talk(case.backend.parser(request))
        for line in case.lines:
            talk.feed(line)
        # An agent that opens the conversation first is not sent the prompt if that fails.
        gone = any(
            isinstance(event, Result)
            and event.failure is not None
            and event.failure.code in NOT_OPENED
            for event in talk.events
        )
        times = (invocation.stdin + b"".join(talk.replies)).count(sent)
        assert times == 1 or (gone and times == 0)
    else:
        assert invocation.stdin == sent
    assert not any("a prompt" in token for token in invocation.argv)
    assert "a prompt" not in str(invocation.files)


@EACH_CASE
@pytest.mark.thorough
def test_how_the_bytes_are_cut_makes_no_difference(case: Case) -> None:
    """A pipe delivers any pieces: single bytes, halves of characters, everything at once.

    A parser is given lines, so the same lines are the same events.
    """
    whole, stdout = case.lines, case.stdout
    chance = random.Random(case.name)
    sizes = (1, 7, 4096, *(chance.randint(2, 2000) for _ in range(3)))
    for size in sizes[1:] if len(stdout) > budget(4_000, long=1_000_000) else sizes:
        framer = LineFramer()
        lines = []
        for start in range(0, len(stdout), size):
            lines += framer.feed(stdout[start : start + size])
        assert [*lines, *framer.close()] == whole


@EACH_CASE
@pytest.mark.thorough
def test_every_prefix_ends_in_exactly_one_result(case: Case) -> None:
    """Wherever an agent stops, there is one result, and it comes last."""
    lines, stream = case.lines, case.stdout
    prefixes = [lines[:count] for count in some(range(len(lines) + 1), 12)]
    chance = random.Random(case.name)
    for cut in sorted(chance.randrange(len(stream)) for _ in range(budget(4, long=20)) if stream):
        framer = LineFramer()
        prefixes.append([*framer.feed(stream[:cut]), *framer.close()])
    for prefix in prefixes:
        for end in ENDS:
            events = case.play(prefix, *end)
            assert [isinstance(event, Result) for event in events].count(True) == 1
            assert isinstance(events[-1], Result)


@EACH_CASE
@pytest.mark.thorough
def test_a_stream_without_an_end_is_never_a_success(case: Case) -> None:
    """An exit code of 0 does not make an answer of what was cut off before its end."""
    lines = case.lines
    events = replay(case)
    if events[-1].failure is None:
        for count in some(range(len(lines) - 1), 12):
            prefix = case.play(lines[:count], 0, "")
            if prefix[-1].failure is None:
                assert prefix[-1].text == events[-1].text
    else:
        assert case.play([], 0, "")[-1].failure is not None


@EACH_CASE
@pytest.mark.thorough
def test_junk_between_the_lines_changes_nothing(case: Case) -> None:
    """Lines that are no events are kept as raw ones at most, and the rest means the same."""
    lines = case.lines
    expected = [event for event in replay(case) if not isinstance(event, Raw)]
    for place in some(range(len(lines) + 1), 8):
        disturbed = [*lines[:place], *JUNK, *lines[place:]]
        events = replay(case, disturbed)
        assert [event for event in events if not isinstance(event, Raw)] == expected
        assert case.talk(disturbed).replies == case.talk().replies


@EACH_BACKEND
def test_an_unknown_line_becomes_raw(name: str) -> None:
    """Events of a later version are kept, not dropped."""
    backend = backends.get(name)
    for line in ('{"type": "an_event_that_no_version_has", "x": 1}', "no json", "[]"):
        assert list(backend.parser(ask()).feed(line)) == [Raw(line=line)]


@EACH_CASE
@pytest.mark.thorough
def test_no_text_is_repeated(case: Case) -> None:
    """The pieces of a message are not followed by the message as a whole."""
    pieces = ""
    for event in replay(case):
        if isinstance(event, Message) and event.delta:
            pieces += event.text
        elif isinstance(event, Message):
            assert not pieces.strip() or event.text != pieces
            pieces = ""


@pytest.mark.parametrize(
    "case", BILLED, ids=[f"{case.backend_name}/{case.name}" for case in BILLED]
)
def test_a_turns_usage_is_what_the_service_billed(case: Case) -> None:
    """Also after a resume, whatever the agent's counters cover."""
    script = read_script(case.request.prompt)
    requests = len(script.calls) + 1
    usage = replay(case)[-1].usage
    assert usage.input_tokens == requests * script.usage.input_tokens
    assert usage.cached_tokens == requests * script.usage.cached_tokens
    written = requests * script.usage.cache_write_tokens
    told = tells_writes(case.backend_name, case.facts["cli_version"])
    assert usage.cache_write_tokens == (written if told else None)
    assert usage.output_tokens == requests * script.usage.output_tokens
    assert usage.reasoning_tokens in (None, requests * script.usage.reasoning_tokens)


@pytest.mark.parametrize("name", sorted({case.backend_name for case in BILLED}))
def test_three_turns_add_up_to_what_was_billed(name: str) -> None:
    """The sum over a conversation is the service's bill, for each recorded version."""
    last = [case for case in cases(name) if case.name.startswith("three_turns_3")]
    assert last
    for case in last:
        turns = [case, case.before, case.before and case.before.before]
        used = total_usage(replay(turn)[-1].usage for turn in turns if turn)
        assert (used.input_tokens, used.output_tokens) == (500, 50)


@EACH_BACKEND
def test_a_new_conversation_gets_its_id_where_the_caller_may_choose_it(name: str) -> None:
    """A backend either passes the id on, in a token of its own, or says that it cannot."""
    backend = backends.get(name)
    argv = backend.invocation(ask(conversation=CONVERSATION)).argv
    named = [token for token in argv if CONVERSATION in token]
    assert len(named) == (Capability.OWN_ID not in backend.lacks)


@EACH_BACKEND
def test_a_resume_names_the_conversation_in_one_argument(name: str) -> None:
    """The id stands once, whole, and nothing after it can be taken for a part of it."""
    request = ask(conversation=CONVERSATION, mode=TurnMode.RESUME)
    made = backends.get(name).invocation(request)
    named = [token for token in made.argv if CONVERSATION in token]
    if backends.get(name).always_asks:  # by its protocol, at once or in the first reply
        assert not named
        said = made.stdin + first_replies(name, request)[0]
        assert said.decode().count(f'"{CONVERSATION}"') == 1
        return
    assert len(named) == 1
    assert named[0] == CONVERSATION or named[0].endswith(f"={CONVERSATION}")


@EACH_BACKEND
def test_extra_arguments_reach_the_agent_as_they_are(name: str) -> None:
    """`--backend-arg` is passed on in its order, before whatever ends the options."""
    backend = backends.get(name)
    argv = backend.invocation(
        ask(conversation=CONVERSATION, mode=TurnMode.RESUME, backend_args=("--one", "two words"))
    ).argv
    place = argv.index("--one")
    assert argv[place + 1] == "two words"
    assert not {"-", "--", "resume"} & set(argv[:place])


@pytest.mark.parametrize(("name", "capability"), LACKING)
def test_a_feature_that_an_agent_lacks_is_refused_before_the_start(
    name: str, capability: Capability
) -> None:
    """No part of a request is silently dropped."""
    with pytest.raises(BackendUnsupportedError) as refusal:
        backends.get(name).refuse_unsupported(ask(**REQUESTED[capability]))
    assert backends.get(name).lacks[capability] in refusal.value.message


@EACH_BACKEND
def test_a_feature_that_is_missing_where_it_asks_is_refused_only_there(name: str) -> None:
    """With the reason, and with the way out: another access."""
    backend = backends.get(name)
    assert not backend.lacks_when_asking.keys() & backend.lacks.keys()
    for capability, why in backend.lacks_when_asking.items():
        with pytest.raises(BackendUnsupportedError) as refusal:
            backend.refuse_unsupported(ask(**REQUESTED[capability], access=Access.ASK))
        assert why in refusal.value.message
        assert "--access" in str(refusal.value.hint)
        backend.refuse_unsupported(ask(**REQUESTED[capability], access=Access.EDIT))


@EACH_BACKEND
def test_a_supported_feature_changes_the_command(name: str) -> None:
    """Each such request changes the command line, and is not refused."""
    backend = backends.get(name)
    plain = backend.invocation(ask())
    for capability, asked in REQUESTED.items():
        if capability not in backend.lacks:
            backend.refuse_unsupported(ask(**asked))
            changed = backend.invocation(ask(**asked)) != plain
            if backend.always_asks and not changed:  # by its protocol, or what it is answered
                said = first_replies(name, ask()), first_replies(name, ask(**asked))
                changed = said[0] != said[1] or "access" in asked
            assert changed, capability


@EACH_BACKEND
def test_no_stream_contains_a_feature_that_the_agent_lacks(name: str) -> None:
    """The list of missing features is as new as the recordings, on either channel."""
    backend = backends.get(name)
    headless = [case for case in cases(name) if backend.always_asks or not case.asks]
    assert shown_in(headless) == SHOWN - backend.lacks.keys()
    assert backend.when_asking <= backend.lacks.keys()
    if Capability.ASK not in backend.lacks:
        shown = shown_in([case for case in cases(name) if case.asks])
        assert backend.when_asking <= shown <= SHOWN - (backend.lacks.keys() - backend.when_asking)


SHOWN = {Capability.PARTIAL_MESSAGES, Capability.COST, Capability.DENIALS}
"""What an agent can do that its streams show."""


def shown_in(recorded: list[Case]) -> set[Capability]:
    """What these streams show."""
    events = [event for case in recorded for event in replay(case)]
    denied = [
        event.code == "denied" if isinstance(event, Warned) else not event.decision.allows
        for event in events
        if isinstance(event, Warned | PermissionAnswer)
    ]
    shown = {
        Capability.PARTIAL_MESSAGES: any(isinstance(one, Message) and one.delta for one in events),
        Capability.COST: any(isinstance(one, Result) and one.cost_usd for one in events),
        Capability.DENIALS: any(denied),
    }
    return {capability for capability, seen in shown.items() if seen}


@EACH_BACKEND
def test_a_screen_and_a_title_are_either_there_or_lacking(name: str) -> None:
    """The table of what an agent can do says the same as its methods."""
    backend = backends.get(name)
    screen = backend.screen(ask(conversation=CONVERSATION, mode=TurnMode.RESUME))
    title = backend.title_files(CONVERSATION, Path("/home/me"), {})
    assert (screen is None) == (Capability.SCREEN in backend.lacks)
    assert (title is None) == (Capability.TITLE in backend.lacks)


@EACH_BACKEND
def test_a_feature_without_an_option_has_another_way_or_a_reason(name: str) -> None:
    """Only these features have other ways."""
    backend = backends.get(name)
    assert backend.ways.keys() | (backend.lacks.keys() & WITHOUT_OPTION) == WITHOUT_OPTION
    assert not backend.ways.keys() & backend.lacks.keys()


@EACH_BACKEND
def test_settings_that_make_no_sense_do_not_stop_a_backend(name: str) -> None:
    """An agent's own settings are read to say how long it keeps things; they may be anything."""
    backend = backends.get(name)
    path = backend.retention_settings(Path("/home/me"), {})
    for text in (None, "", "no JSON", "[]", "null", "{", '{"a": 1}', "\udcff", "[" * 100_000):
        kept = backend.retention(text)
        assert kept is None or (kept.days >= 1 and path is not None)
