"""The line of stderr that says what went wrong, in what real programs print when they fail.

`stderr_errors/*.txt` is the output of Node, Python, npm, cargo, Rust programs, Java, shells and the
dynamic linker as they ran; of Bun, Deno, Go, macOS, pnpm, yarn and the version managers it is in
the form that they publish. `stderr_errors/expected.json` is the line that a person has to see.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.agents.declared.backend import declared
from clinvk.agents.kit.stderr_errors import error_lines
from clinvk.model.events import Result
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest
from clinvk.store.config.file import check_config

FOLDER = Path(__file__).parent / "stderr_errors"
SAMPLES: Mapping[str, str] = {
    path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.txt"))
}
EXPECTED: Mapping[str, str] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
NOTHING = r"(?!)"
NAMES = [*backends.built_in(), "text", "json", "jsonl"]


def agent(name: str) -> Backend:
    """A built-in agent, or a declared one with that kind of output."""
    if name in backends.built_in():
        return backends.get(name)
    form: dict[str, Any] = {"program": "toy", "start": ["go"], "output": {"format": name}}
    if name != "text":
        form["output"]["text"] = "answer"
    config = json.dumps({"backends": {"toy": {"declared": form}}}).encode()
    return declared("toy", check_config(config, "c.yaml", ())["backends.toy.declared"])


def result_of(name: str, exit_code: int | None, stderr: str) -> Result:
    """What a run that printed nothing else comes to."""
    parser = agent(name).parser(TurnRequest(prompt="p", cwd=Path("/project")))
    result = list(parser.finish(exit_code, stderr))[-1]
    assert isinstance(result, Result)
    return result


def test_every_sample_has_its_line() -> None:
    """None is forgotten, and each line stands in its sample as far as one line does."""
    assert SAMPLES.keys() == EXPECTED.keys()
    assert len(SAMPLES) >= 90


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.thorough
def test_the_line_that_says_what_went_wrong_is_found(sample: str) -> None:
    """Not the last line, nor the first: the one that a person has to see."""
    assert error_lines(SAMPLES[sample], NOTHING)[0].text == EXPECTED[sample]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.thorough
def test_it_is_found_among_other_talk_as_well(sample: str) -> None:
    """Progress before it, colours in it, Windows' line ends, and a notice after it."""
    before = "starting up\n(node:12) ExperimentalWarning: this is new\nLoaded 3 servers\n\n"
    after = "\nnpm notice New major version of npm available! 10.1.0 -> 11.0.0\n"
    for text in (
        before + SAMPLES[sample],
        SAMPLES[sample] + after,
        SAMPLES[sample].replace("\n", "\r\n"),
        "".join(f"\x1b[31m{line}\x1b[0m\n" for line in SAMPLES[sample].splitlines()),
    ):
        assert error_lines(text, NOTHING)[0].text == EXPECTED[sample]


@pytest.mark.parametrize("name", NAMES)
def test_every_agent_shows_it(name: str) -> None:
    """With the same words for the same failure, whatever ended: its wrapper, its shim, itself."""
    for sample, stderr in SAMPLES.items():
        if (name, sample) == ("codex", "log_lines"):
            continue  # lines of this form are its own log, which names errors that it got over
        failure = result_of(name, 1, stderr).failure
        assert failure is not None
        assert failure.message == EXPECTED[sample], sample
        assert failure.detail == stderr


@pytest.mark.parametrize("name", backends.built_in())
def test_a_program_that_aborted_itself_says_why(name: str) -> None:
    """It was a signal, and the signal alone explains nothing."""
    if name == "demo":
        return
    failure = result_of(name, -6, SAMPLES["node_oom"]).failure
    assert failure is not None
    assert failure.code is FailureCode.KILLED
    assert failure.message.startswith(
        "the agent was stopped by signal 6: FATAL ERROR: Reached heap"
    )
    killed = result_of(name, -9, SAMPLES["node_oom"]).failure
    assert killed is not None
    assert killed.message == "the agent was stopped by signal 9"


def test_of_two_errors_the_last_is_first() -> None:
    """The others follow, the latest first, and what does not call itself an error comes last."""
    said = "hello\nError: one\nworking\nError: two\ngoing on\n"
    texts = [statement.text for statement in error_lines(said, NOTHING)]
    assert texts == ["Error: two", "Error: one", "going on", "working", "hello"]


def test_a_line_of_advice_is_no_error() -> None:
    """Then there is no message, and the exit code is reported."""
    assert error_lines("Node.js v20.20.2\nnote: run with `RUST_BACKTRACE=1`\n\n", NOTHING) == []


@given(st.text(), st.text())
def test_no_text_makes_it_raise(text: str, more: str) -> None:
    """Whatever a program prints, there are statements or there are none."""
    for said in (text, f"Traceback (most recent call last):\n{text}", f"Error:\n{more}{text}"):
        assert all(statement.text for statement in error_lines(said, NOTHING))
