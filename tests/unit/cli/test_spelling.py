"""`--wait` has a value only behind an equals sign, whatever stands around it."""

import pytest

from clinvk.cli.command import Command
from clinvk.cli.commands.resume import resume
from clinvk.cli.commands.run import run
from clinvk.cli.spelling import LEFT_OUT


@pytest.mark.parametrize("command", [run, resume], ids=["run", "resume"])
@pytest.mark.parametrize(
    ("words", "wait", "prompt"),
    [
        ([], None, None),
        (["--wait"], LEFT_OUT, None),
        (["--wait", "fix", "this"], LEFT_OUT, ["fix", "this"]),
        (["--wait", "30s"], LEFT_OUT, ["30s"]),
        (["--wait=30s", "fix"], "30s", ["fix"]),
        (["--wait=", "fix"], "", ["fix"]),
        (["fix", "this", "--wait"], LEFT_OUT, ["fix", "this"]),
        (["-q", "--wait", "-w", "d", "fix"], LEFT_OUT, ["fix"]),
        (["--model", "--wait", "fix"], None, ["fix"]),
        (["-m", "--wait", "fix"], None, ["fix"]),
        (["--model=m", "--wait", "fix"], LEFT_OUT, ["fix"]),
        (["--", "--wait"], None, ["--wait"]),
        (["--wait", "--", "--wait"], LEFT_OUT, ["--wait"]),
    ],
)
def test_only_the_equals_sign_gives_it_a_value(
    command: Command, words: list[str], wait: str | None, prompt: list[str] | None
) -> None:
    """What follows a bare `--wait` stays a word of the prompt, and another option's value its."""
    with command.make_context("clinvk", list(words)) as context:
        assert context.params["wait_s"] == wait
        words_named = "prompt" if command is run else "words"
        assert list(context.params[words_named] or ()) == (prompt or [])
