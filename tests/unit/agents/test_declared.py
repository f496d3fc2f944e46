"""A backend that a configuration declares: its command lines, and how its output is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents.base import Capability, ConversationFiles
from clinvk.agents.declared.backend import declared
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.effort import Effort
from clinvk.model.events import Event, Failed, Init, Message, Raw, Result, StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.request import Picture, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.store.config.file import check_config

FULL = """
backends:
  toy:
    declared:
      title: The Toy
      program: toy
      start: [ask, "{options}", "--dir={cwd}"]
      resume: [more, "--id={conversation}", "{options}"]
      ephemeral: [ask, --forget]
      options:
        model: [-m, "{model}"]
        system_prompt: ["--system={system_prompt_file}"]
        max_turns: ["--steps={max_turns}"]
        image: [--see, "{image}"]
        answer_schema: ["--form={schema_file}"]
        add_dir: ["--also={add_dir}"]
        effort: ["--think={effort}"]
      access: {read-only: [--look], full: []}
      environment: {TOY_MODEL: "{model}", TOY_MODE: quiet}
      output:
        format: jsonl
        conversation: {path: id, where: {type: begin}}
        model: model
        delta: {path: text, where: {type: piece}}
        text: {path: text, where: {type: answer}}
        error: error.message
        cost: cost
        usage: {input: usage.in, output: usage.out, cached: usage.cached, cached_apart: true}
      errors: {'no such conversation': conversation_gone}
"""


def form(text: str) -> Mapping[str, Any]:
    """The declaration of `toy` as the configuration's check leaves it."""
    found: Mapping[str, Any] = check_config(text.encode(), "c.yaml", ())["backends.toy.declared"]
    return found


def ask(**said: Any) -> TurnRequest:
    """A request to do something in `/p`."""
    return TurnRequest(**({"prompt": "do it", "cwd": Path("/p")} | said))


TOY = declared("toy", form(FULL))


def play(
    lines: list[str], *, exit_code: int | None = 0, stderr: str = "", text: str = FULL, **said: Any
) -> list[Event]:
    """The events of a whole run."""
    parser = declared("toy", form(text)).parser(ask(**said))
    events = [event for line in lines for event in parser.feed(line)]
    return [*events, *parser.finish(exit_code, stderr)]


def test_a_first_turn_is_the_start_filled_in() -> None:
    """Options stand where the declaration says, and the prompt goes in on stdin."""
    made = TOY.invocation(
        ask(
            model="toy-2",
            max_turns=3,
            system_prompt="be kind",
            access=Access.READ_ONLY,
            backend_args=("--own={model}",),
        )
    )
    options = ("-m", "toy-2", "--system={system_prompt_file}", "--steps=3", "--look")
    assert made.argv == ("toy", "ask", *options, "--own={model}", "--dir=/p")
    assert made.stdin == b"do it"
    assert made.files == {"system_prompt_file": "be kind"}
    assert made.env == {"TOY_MODEL": "toy-2", "TOY_MODE": "quiet"}


def test_pictures_and_directories_have_their_arguments_each() -> None:
    """The schema is in a private file, as it would be in `{schema}`."""
    pictures = tuple(Picture(Path(f"/{name}.png"), "image/png", b"") for name in "ab")
    made = TOY.invocation(
        ask(
            images=pictures,
            schema='{"type":"object"}',
            add_dirs=(Path("/x y"), Path("/z")),
            effort=Effort.MAX,
        )
    )
    options = ("--think=max", "--form={schema_file}", "--see", "/a.png", "--see", "/b.png")
    assert made.argv == ("toy", "ask", *options, "--also=/x y", "--also=/z", "--dir=/p")
    assert made.files == {"schema_file": '{"type":"object"}'}


def test_an_option_that_is_not_requested_leaves_no_trace() -> None:
    """It adds no argument, no variable and no file."""
    made = TOY.invocation(ask())
    assert made.argv == ("toy", "ask", "--dir=/p")
    assert made.env == {"TOY_MODE": "quiet"}
    assert made.files == {}


def test_a_further_turn_names_its_conversation_and_one_to_forget_does_not() -> None:
    """Each kind of turn has its own arguments; without `{options}` these come first."""
    assert TOY.invocation(ask(mode=TurnMode.RESUME, conversation="c-1")).argv == (
        "toy",
        "more",
        "--id=c-1",
    )
    made = TOY.invocation(ask(ephemeral=True, model="m"))
    assert made.argv == ("toy", "-m", "m", "ask", "--forget")


@pytest.mark.parametrize("conversation", ["-rf", "a b", "", "x\n", "../../etc", "a" * 201])
def test_an_id_that_could_be_an_option_is_refused(conversation: str) -> None:
    """It was printed by a program and would stand on a command line."""
    with pytest.raises(SessionNotFoundError):
        TOY.invocation(ask(mode=TurnMode.RESUME, conversation=conversation))


def test_the_prompt_may_be_an_argument_or_a_file() -> None:
    """For a program that reads no stdin; braces in a prompt mean nothing."""
    text = """
backends:
  toy:
    declared: {program: toy, prompt: PLACE, start: [--say, "ARG", "{options}"]}
"""
    argument = form(text.replace("PLACE", "argument").replace("ARG", "--text={prompt}"))
    made = declared("toy", argument).invocation(ask(prompt="-x {model} {options}"))
    assert made.argv == ("toy", "--say", "--text=-x {model} {options}")
    assert made.stdin == b""
    file = form(text.replace("PLACE", "file").replace("ARG", "{prompt_file}"))
    made = declared("toy", file).invocation(ask())
    assert made.argv == ("toy", "--say", "{prompt_file}")
    assert made.files == {"prompt_file": "do it"}


def test_a_feature_that_is_not_declared_cannot_be_requested() -> None:
    """Each missing key is a capability that the backend lacks, with the key as the reason."""
    bare = declared("toy", form("backends: {toy: {declared: {program: toy, start: []}}}"))
    assert bare.title == "toy"
    assert bare.lacks[Capability.RESUME] == "its declaration has no resume"
    for said in (
        {"model": "m"},
        {"system_prompt": "s"},
        {"max_turns": 1},
        {"ephemeral": True},
        {"access": Access.EDIT},
        {"images": (Picture(Path("/a.png"), "image/png", b""),)},
        {"schema": "{}"},
        {"add_dirs": (Path("/x"),)},
        {"effort": Effort.LOW},
    ):
        with pytest.raises(BackendUnsupportedError, match="its declaration has no"):
            bare.refuse_unsupported(ask(**said))
    TOY.refuse_unsupported(ask(model="m", system_prompt="s", max_turns=1, access=Access.FULL))
    with pytest.raises(BackendUnsupportedError, match=r"access\.edit"):
        TOY.refuse_unsupported(ask(access=Access.EDIT))
    assert Capability.OWN_ID in TOY.lacks
    assert Capability.RESUME not in TOY.lacks


def test_json_lines_become_events() -> None:
    """Id, model, pieces, figures and cost, wherever the declaration says they are."""
    events = play(
        [
            '{"type": "begin", "id": "c-1", "model": "toy-2"}',
            '{"type": "piece", "text": "Hel"}',
            '{"type": "piece", "text": "lo"}',
            "no json",
            '{"type": "answer", "text": "Hello."}',
            '{"usage": {"in": 5, "out": 2, "cached": 3}}',
            '{"usage": {"in": 1, "out": 1}, "cost": 0.5}',
        ]
    )
    assert events == [
        Init(backend_session_id="c-1", model="toy-2"),
        Message(text="Hel", delta=True),
        Message(text="lo", delta=True),
        Raw(line="no json"),
        Message(text=".", delta=True),
        Result(
            text="Hello.",
            stop_reason=StopReason.END_TURN,
            usage=Usage(input_tokens=9, cached_tokens=3, output_tokens=3),
            cost_usd=0.5,
            backend_session_id="c-1",
            model="toy-2",
        ),
    ]


def test_figures_that_were_not_printed_are_unknown() -> None:
    """Never zero."""
    result = play(['{"type": "answer", "text": "x"}'])[-1]
    assert isinstance(result, Result)
    assert result.usage == UNKNOWN_USAGE
    assert result.cost_usd is None


@pytest.mark.parametrize(
    ("lines", "exit_code", "stderr", "code"),
    [
        (['{"error": {"message": "no such conversation"}}'], 0, "", "conversation_gone"),
        (['{"error": {"message": "rate limit reached"}}'], 1, "", "rate_limited"),
        (['{"error": {"message": "boom"}}'], 0, "", "agent_failed"),
        ([], 1, "Error: invalid api key", "auth"),
        ([], 3, "boom", "agent_failed"),
        ([], 0, "", "no_result"),
        (['{"type": "piece", "text": "x"}'], 1, "boom", "agent_failed"),
        ([], -9, "", "killed"),
        ([], None, "", "killed"),
    ],
)
def test_a_failure_is_classified_by_its_words_else_by_its_end(
    lines: list[str], exit_code: int | None, stderr: str, code: str
) -> None:
    """The words in the declaration come first, then those that all agents share."""
    *_, failed, result = play(lines, exit_code=exit_code, stderr=stderr)
    assert isinstance(result, Result)
    assert isinstance(failed, Failed)
    assert result.failure == failed.failure
    assert failed.failure.code is FailureCode(code)


def test_one_json_is_read_when_it_is_complete() -> None:
    """On as many lines as the program likes."""
    text = """
backends:
  toy:
    declared:
      program: toy
      start: ["--id={conversation}"]
      output: {format: json, text: "answers.*.text", usage: {input: used.in}}
"""
    lines = ['{"answers":', '[{"text": "a"}, {"text": "b"}],', '"used": {"in": 1}}']
    first, message, result = play(lines, text=text, conversation="mine")
    assert first == Init(backend_session_id="mine", model=None)
    assert message == Message(text="ab")
    assert isinstance(result, Result)
    assert result.usage.input_tokens == 1
    assert result.backend_session_id == "mine"
    *_, raw, failed, broken = play(["{ broken", "}"], text=text)
    assert raw == Raw(line="{ broken")
    assert isinstance(failed, Failed)
    assert isinstance(broken, Result)


def test_plain_text_is_the_answer_line_by_line() -> None:
    """It is shown as it comes."""
    text = "backends: {toy: {declared: {program: toy, start: []}}}"
    *pieces, result = play(["Hello", "", "there"], text=text)
    assert pieces == [Message(text=f"{line}\n", delta=True) for line in ("Hello", "", "there")]
    assert isinstance(result, Result)
    assert result.text == "Hello\n\nthere"
    assert result.failure is None


TEXT = """
backends:
  toy:
    declared:
      program: toy
      start: ["--file={home}/.toy/{conversation}.md"]
      resume: ["--file={home}/.toy/{conversation}.md"]
      conversation_file: "{home}/.toy/{conversation}.md"
      output: {format: text, noise: ['^(Toy v|Tokens: )'], error_line: '^toy\\.\\w+Error: '}
      errors: {KeyError: auth}
"""


def test_of_plain_text_the_noise_is_left_out() -> None:
    """It is kept as it came and is no part of the answer; nor are empty lines above that."""
    lines = ["Toy v1", "", "Hello", "", "there", "Tokens: 3"]
    *events, result = play(lines, text=TEXT)
    said = [event.text for event in events if isinstance(event, Message)]
    assert said == ["Hello\n", "\n", "there\n"]
    assert [event.line for event in events if isinstance(event, Raw)] == ["Toy v1", "Tokens: 3"]
    assert isinstance(result, Result)
    assert (result.text, result.failure) == ("Hello\n\nthere", None)


def test_a_line_of_plain_text_may_say_that_the_turn_failed() -> None:
    """Also if the program ends with 0."""
    *_, failed, result = play(["toy.KeyError: bad key", "Hello"], text=TEXT)
    assert isinstance(failed, Failed)
    assert (failed.failure.code, failed.failure.message) == (
        FailureCode.AUTH,
        "toy.KeyError: bad key",
    )
    assert isinstance(result, Result)
    assert result.failure == failed.failure


def test_a_file_that_is_handed_over_is_the_only_witness_of_a_conversation() -> None:
    """The program would begin it again; one that the program names itself may lie elsewhere."""
    toy = declared("toy", form(TEXT))
    made = toy.invocation(ask(conversation="c-1", mode=TurnMode.RESUME, home=Path("/h")))
    assert made.argv == ("toy", "--file=/h/.toy/c-1.md")
    files = toy.conversation_files("c-[1]", Path("/h"), {})
    assert files is None
    files = toy.conversation_files("c-1", Path("/h"), {})
    assert files == ConversationFiles(Path("/h/.toy"), "c-1.md", only_witness=True)
    found = FULL.replace(
        "      access", "      conversation_file: '{home}/.toy/*/x_{conversation}.md'\n      access"
    )
    files = declared("toy", form(found)).conversation_files("c-1", Path("/h"), {})
    assert files == ConversationFiles(Path("/h/.toy"), "*/x_c-1.md")


def test_an_agent_that_tried_again_has_not_failed() -> None:
    """A whole answer takes back the error before it, and none after it."""
    error = '{"error": {"message": "try 1"}}'
    answer = '{"type": "answer", "text": "x"}'
    *_, result = play([error, answer])
    assert isinstance(result, Result)
    assert result.failure is None
    *_, result = play([answer, error])
    assert isinstance(result, Result)
    assert result.failure is not None


def test_pieces_after_a_whole_message_begin_the_next_one() -> None:
    """The last message is the answer, and none is said twice."""
    events = play(
        [
            '{"type": "piece", "text": "I "}',
            '{"type": "answer", "text": "I look."}',
            '{"type": "piece", "text": "Do"}',
            '{"type": "piece", "text": "ne"}',
            '{"type": "answer", "text": "Done"}',
        ]
    )
    said = [event.text for event in events if isinstance(event, Message)]
    assert said == ["I ", "look.", "Do", "ne"]
    assert isinstance(events[-1], Result)
    assert events[-1].text == "Done"


def test_another_conversation_than_the_requested_one_is_a_failure() -> None:
    """It may be a copy or empty, which cannot be seen; the session keeps its own."""
    lines = ['{"type": "begin", "id": "c-2"}', '{"type": "answer", "text": "x"}']
    events = play(lines, conversation="c-1", mode=TurnMode.RESUME)
    *_, result = events
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.CONVERSATION_GONE
    assert "`c-1`" in result.failure.message
    assert "`c-2`" in result.failure.message
    ids = {event.backend_session_id for event in events if isinstance(event, Init)}
    assert (ids, result.backend_session_id) == ({"c-1", "c-2"}, "c-1")
    moving = FULL.replace(
        "        model: model", "        conversation_changes: true\n        model: model"
    )
    *_, result = play(lines, text=moving, conversation="c-1", mode=TurnMode.RESUME)
    assert isinstance(result, Result)
    assert (result.failure, result.backend_session_id) == (None, "c-2")


@given(
    st.sampled_from(["text", "json", "jsonl"]),
    st.lists(st.text() | st.sampled_from(['{"text": 1}', '{"usage": {"in": 3}}', "[]", "null"])),
    st.none() | st.integers(min_value=-64, max_value=255),
)
def test_every_output_ends_in_exactly_one_result(
    kind: str, lines: list[str], exit_code: int | None
) -> None:
    """Total, as every parser is; a second end adds nothing."""
    said = dict(form(FULL))
    said["output"] = {**said["output"], "format": kind}
    parser = declared("toy", said).parser(ask())
    events = [event for line in lines for event in parser.feed(line)]
    events += parser.finish(exit_code, "")
    assert [type(event) for event in events].count(Result) == 1
    assert isinstance(events[-1], Result)
    assert [*parser.feed('{"text": "late"}'), *parser.finish(0, "")] == []


def test_a_json_value_that_is_too_long_is_reported() -> None:
    """It is not kept in memory and not parsed; a retry would not help."""
    text = FULL.replace("format: jsonl", "format: json")
    lines = ['{"type": "answer", "text": "', *["x" * 1_000_000] * 40, '"}']
    result = play(lines, text=text)[-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.OUTPUT_TOO_LONG
    assert result.failure.message == "the agent's JSON is longer than 32 MiB and was not read"


def test_an_id_in_other_letters_is_the_same_conversation() -> None:
    """As for every agent: some print an id that they were given in their own spelling."""
    lines = ['{"type": "begin", "id": "C-1"}', '{"type": "answer", "text": "A."}']
    events = play(lines, conversation="c-1", mode=TurnMode.RESUME)
    result = events[-1]
    assert isinstance(result, Result)
    assert (result.failure, result.backend_session_id) == (None, "C-1")
