"""An option between the words of an unquoted prompt is refused; before and after them it is one."""

import shlex

import pytest

from clinvk.cli.app import COMMANDS
from clinvk.cli.implicit import with_command
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

NO_STREAMS = Streams(stdin=None, stdout=None, stderr=None)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("what does git -c do", 'clinvk "what does git -c do"'),
        ("explain the -v flag of curl", 'clinvk "explain the -v flag of curl"'),
        ("fix tests -t 5 please", 'clinvk "fix tests -t 5 please"'),
        ("write --title for the page", 'clinvk "write --title for the page"'),
        ("-b demo fix -m x the bug -q", 'clinvk -b demo -q "fix -m x the bug"'),
        ("fix --wait this", 'clinvk "fix --wait this"'),
        ("wait --wait=3s for it", 'clinvk "wait --wait=3s for it"'),
        ("run fix -m x it", 'clinvk run "fix -m x it"'),
        ("resume 7f3a fix -m x it", 'clinvk resume 7f3a "fix -m x it"'),
        ("resume --last fix -m x it", 'clinvk resume --last "fix -m x it"'),
        ("resume -i fix -m x it", 'clinvk resume -i "fix -m x it"'),
    ],
)
def test_an_option_between_the_words_is_refused(line: str, hint: str) -> None:
    """With the command that sends all of the words."""
    with pytest.raises(UsageError) as refused:
        with_command(line.split(), COMMANDS, NO_STREAMS)
    assert "stands between the words of the prompt" in refused.value.message
    assert f"`{hint}`" in str(refused.value.hint)
    with_command(shlex.split(hint)[1:], COMMANDS, NO_STREAMS)


@pytest.mark.parametrize(
    "line",
    [
        "fix the bug -m opus",
        "-m opus fix the bug",
        "-m opus fix the bug -q",
        "fix",
        "-q -- fix -c this",
        "--wait fix this",
        "fix - this",
        "fix the -x flag",  # which is no option, and refused as such
        "fix --format json --nope it -v now",
        "resume 7f3a -m opus fix it",
        "resume -m opus 7f3a fix it",
        "resume 7f3a fix it -q",
        "resume 7f3a -q",
        "resume --last -q",
    ],
)
def test_options_before_and_after_the_words_are_options(line: str) -> None:
    """Also a word that is only a dash is a word; the session of `resume` is no part of a prompt."""
    with_command(line.split(), COMMANDS, NO_STREAMS)
