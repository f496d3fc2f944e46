"""An option between the words of an unquoted prompt is refused; before and after them it is one."""

import shlex
from typing import Any

import pytest

from clinvk.cli.app import app
from clinvk.cli.with_prompt import refuse_split_prompt
from clinvk.errors import UsageError


def _params(command: str) -> Any:
    return app.load(command).params


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("what does git -c do", 'clinvk "what does git -c do"'),
        ("explain the -v flag of curl", 'clinvk "explain the -v flag of curl"'),
        ("fix tests -t 5 please", 'clinvk "fix tests -t 5 please"'),
        ("write --title for the page", 'clinvk "write --title for the page"'),
        ("-b demo fix -m x the bug -q", 'clinvk -b demo "fix -m x the bug" -q'),
        ("fix --wait this", 'clinvk "fix --wait this"'),
        ("fix -q -- the bug", 'clinvk "fix -q the bug"'),
        ("wait --wait=3s for it", 'clinvk "wait --wait=3s for it"'),
    ],
)
def test_an_option_between_the_words_is_refused(line: str, hint: str) -> None:
    """With the command that sends all of the words."""
    with pytest.raises(UsageError) as refused:
        refuse_split_prompt(line.split(), _params("run"), command="run")
    assert "stands between the words of the prompt" in refused.value.message
    assert f"`{hint}`" in str(refused.value.hint)
    words = shlex.split(hint)[1:]
    refuse_split_prompt(words, _params("run"), command="run")


@pytest.mark.parametrize(
    "line",
    [
        "fix the bug -m opus",
        "-m opus fix the bug",
        "-m opus fix the bug -q",
        "fix",
        "-q -- fix -c this",
        "--wait fix this",
        "-",
        "fix - this",
        "fix the -x flag",  # which is no option, and refused as such
        "fix --format json --nope it -v now",
        "",
    ],
)
def test_options_before_and_after_the_words_are_options(line: str) -> None:
    """Also a word that is only a dash is a word, and so is everything after `--`."""
    refuse_split_prompt(line.split(), _params("run"), command="run")


@pytest.mark.parametrize(
    "line", ["7f3a fix -m x it", "--last fix -m x it", "-i fix -m x it", "-qi fix -m x it"]
)
def test_an_option_in_the_prompt_of_resume_is_refused(line: str) -> None:
    """With `--last` and `-i`, all words are the prompt."""
    with pytest.raises(UsageError) as refused:
        refuse_split_prompt(line.split(), _params("resume"), command="resume")
    assert "`clinvk resume " in str(refused.value.hint)
    assert '"fix -m x it"`' in str(refused.value.hint)


@pytest.mark.parametrize(
    "line", ["7f3a -m opus fix it", "-m opus 7f3a fix it", "7f3a fix it -q", "7f3a -q", "--last -q"]
)
def test_the_session_of_resume_is_no_part_of_the_prompt(line: str) -> None:
    """An option may stand between it and the prompt."""
    refuse_split_prompt(line.split(), _params("resume"), command="resume")
