"""An agent that is declared by its command alone, because it speaks the Agent Client Protocol.

It is a small program that keeps its conversations in files; these run without Node.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from bed import acp_agent
from bed.bare import bare_command
from bed.command import Command

CAREFUL = "modes: {read-only: careful, ask: careful, edit: careful, full: careful}"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk`, with a home for `declare`."""
    command = bare_command(tmp_path)
    command.home.clinvk_home.mkdir(mode=0o700)
    return command


def declare(clinvk: Command, *offers: str, more: str = "", command: str = "") -> None:
    """Write the declaration of an agent that offers this."""
    words = ", ".join([sys.executable, acp_agent.__file__, *offers])
    lines = ["backends:", "  toy:", "    declared:", "      protocol: acp"]
    lines.append(f"      command: [{command or words}]")
    lines += [f"      {line}" for line in more.splitlines()]
    (clinvk.home.clinvk_home / "config.yaml").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("offers", [["load"], ["load", "modes"], ["resume"], ["load", "resume"]])
def test_turns_are_one_conversation_and_its_history_is_not_repeated(
    clinvk: Command, offers: list[str]
) -> None:
    """Continued by whichever way the agent offers; the answer is the new one alone."""
    declare(clinvk, *offers, more=f"usage: turn\n{CAREFUL if 'modes' in offers else ''}".strip())
    first = clinvk("-b", "toy", "-o", "json", "one").json()
    assert (first["text"], first["usage"]["total_tokens"]) == ("auto m-1 one", 11)
    assert clinvk("-c", "two").stdout == "auto m-1 two\n"
    third = clinvk("-c", "-o", "json", "recall").json()
    assert (third["text"], third["backend_session_id"]) == ("one two", first["backend_session_id"])
    assert third["usage"]["total_tokens"] == 33


def test_totals_of_a_conversation_become_those_of_the_turn(clinvk: Command) -> None:
    """With `usage: conversation`, each turn is the difference to the one before."""
    declare(clinvk, "load", more="usage: conversation")
    totals = [
        clinvk(*words, "-o", "json", "x").json()["usage"]["total_tokens"]
        for words in (["-b", "toy"], ["-c"], ["-c"])
    ]
    assert totals == [11, 11, 11]


@pytest.mark.parametrize(
    ("access", "rules", "files"),
    [
        ("read-only", [], []),
        ("ask", [], []),
        ("ask", ["--allow", "Edit"], ["new.txt"]),
        ("ask", ["--allow", "Edit", "--deny", "Edit(new.txt)"], []),
        ("edit", [], ["new.txt"]),
        ("full", [], ["new.txt"]),
        ("edit", ["--deny", "Edit(new.txt)"], []),
        ("full", ["--deny", "Edit"], []),
    ],
)
@pytest.mark.parametrize("offers", [["modes"], ["modes", "stops"]])
def test_the_access_decides_what_clinvk_answers(
    clinvk: Command, access: str, rules: list[str], files: list[str], offers: list[str]
) -> None:
    """Looked for on disk; an agent that stops when it is denied is told to go on."""
    stops = "stops" in offers
    declare(clinvk, *offers, more=f"{CAREFUL}\nstops_when_denied: {str(stops).lower()}")
    ran = clinvk("-b", "toy", "--access", access, *rules, "-o", "json", "write new.txt").json()
    assert ran["exit_status"] == 0, ran
    assert [file.name for file in clinvk.home.project.iterdir()] == files
    assert any("not allowed: Edit" in one for one in ran["warnings"]) is not bool(files)
    assert [Path(one["path"]).name for one in ran["files"]] == files
    if stops and not files:
        assert "I did not allow this: edit" in ran["text"]


def test_a_mode_is_needed_where_the_agent_has_modes(clinvk: Command) -> None:
    """In the mode in which this one begins, it would write although the access is read-only."""
    declare(clinvk, "modes")
    for more, words in [("", "needs `modes.read-only`"), ("modes: {read-only: x}", "no mode `x`")]:
        declare(clinvk, "modes", more=more)
        ran = clinvk("-b", "toy", "--access", "read-only", "write new.txt")
        assert ran.exit_code == 5, ran
        assert words in ran.stderr
        assert "its modes are: auto, careful" in ran.stderr
    assert not (clinvk.home.project / "new.txt").exists()


def test_the_model_is_set_by_the_protocol(clinvk: Command) -> None:
    """Without an option for it; an unknown one is a failure of its own kind."""
    declare(clinvk, "models", "load")
    first = clinvk("-b", "toy", "-m", "m-2", "-o", "json", "one").json()
    assert (first["text"], first["model"]) == ("auto m-2 one", "m-2")
    assert clinvk("-c", "two").stdout == "auto m-2 two\n"
    refused = clinvk("-b", "toy", "-m", "m-3", "one")
    assert refused.exit_code == 5
    assert "does not take the model `m-3`: no such value" in refused.stderr


@pytest.mark.parametrize(
    ("offers", "words"),
    [
        (["load", "list"], "something went wrong"),
        ([], "offers no way to continue"),
    ],
)
def test_a_conversation_that_is_gone_is_said_to_be_gone(
    clinvk: Command, offers: list[str], words: str
) -> None:
    """By the agent's list, whatever its error says; and `--if-missing replay` goes on."""
    declare(clinvk, *offers)
    clinvk("-b", "toy", "one")
    for file in Path(clinvk.home.home, ".stand-in").iterdir():
        file.unlink()
    gone = clinvk("-c", "two")
    assert gone.exit_code == 4, gone
    assert words in gone.stderr
    again = clinvk("resume", "--last", "--if-missing", "replay", "two")
    assert again.exit_code == 0
    assert "one" in again.stdout


def test_failures_have_their_codes(clinvk: Command) -> None:
    """An error of the protocol, or an answer that the declaration calls one."""
    declare(clinvk, more="failed_answer: '^Error: .*'\nerrors: {'no such key': auth}")
    assert clinvk("-b", "toy", "fail").exit_code == 8
    told = clinvk("-b", "toy", "error no such key")
    assert told.exit_code == 7
    assert "Error: no such key" in told.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("sh, -c, 'echo I am no agent; exit 3'", "exited with 3"),
        ("sh, -c, 'echo I am no agent; exec cat >&2'", "exited with 0"),
        ("sh, -c, 'echo I am no agent >&2; exec sleep 600'", "was stopped"),
        ("cat", "refused it"),
    ],
)
def test_a_command_that_does_not_speak_it(clinvk: Command, command: str, words: str) -> None:
    """Exit 5 within its time limit, with its last words; nothing waits for ever."""
    declare(clinvk, command=command, more="speaks_within: 2s")
    ran = clinvk("-b", "toy", "hello", timeout_s=60)
    assert ran.exit_code == 5, ran
    assert "does not speak the Agent Client Protocol" in ran.stderr
    assert words in ran.stderr
    if command != "cat":
        assert "its last words: " in ran.stderr


def test_ctrl_c_interrupts_and_the_session_goes_on(clinvk: Command) -> None:
    """Exit 130, and the agent remembers the prompt."""
    declare(clinvk, "load")
    with clinvk.popen("-b", "toy", "hang") as child:
        clinvk.wait_until_recorded("I hang")
        os.kill(child.pid, signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 130
    assert clinvk("-c", "recall").stdout == "hang\n"


def test_the_contract_is_tried(clinvk: Command) -> None:
    """`backends test`: what it promises holds, and what it cannot is not tried."""
    declare(clinvk, "load", "list", "modes", "models", more=CAREFUL)
    ran = clinvk("backends", "test", "toy", "--json", timeout_s=120)
    held: dict[str, Any] = {one["check"]: one["held"] for one in ran.json()["checks"]}
    assert held.pop("ephemeral") == "not_tried"
    assert held.pop("timeout") != "no"  # it may answer in the tenth of a second that it has
    assert set(held.values()) == {"yes"}, ran.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("command: []", ":5: `backends.toy.declared.command`"),
        ("modes: {wide: x}", ":6: `backends.toy.declared.modes.wide`: there is no access `wide`"),
        ("usage: all", ":6: `backends.toy.declared.usage`: expected `turn` or `conversation`"),
        ("speaks_within: soon", ":6: `backends.toy.declared.speaks_within`"),
        ("commands: [x]", ":6: there is no key `backends.toy.declared.commands`"),
        ("start: [x]", ":6: there is no key `backends.toy.declared.start`"),
    ],
)
def test_an_error_names_its_line_and_key(clinvk: Command, line: str, words: str) -> None:
    """Exit 3."""
    declare(clinvk, more=line)
    if line.startswith("command:"):
        config = clinvk.home.clinvk_home / "config.yaml"
        lines = config.read_text().splitlines()
        config.write_text("\n".join([*lines[:4], f"      {line}"]) + "\n")
    ran = clinvk("-b", "toy", "hello")
    assert ran.exit_code == 3, ran
    assert words in ran.stderr


@pytest.mark.parametrize("argument", ["{prompt}", "{conversation}"])
def test_what_the_protocol_sends_is_no_argument(clinvk: Command, argument: str) -> None:
    """The section is named."""
    declare(clinvk, command=f'toy, "{argument}"')
    ran = clinvk("-b", "toy", "hello")
    assert ran.exit_code == 3
    assert f"`{argument}` is sent by the protocol" in ran.stderr
