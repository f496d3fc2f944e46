"""The words of `sessions search`, some of which begin with a dash."""

import pytest

from clinvk.cli.commands.sessions.search import with_words_last

VALUED = {"--limit", "-n", "--backend", "-b", "--since"}


@pytest.mark.parametrize(
    ("typed", "options", "words"),
    [
        ("login", "", "login"),
        ("login -bug", "", "login -bug"),
        ("-bug login", "", "-bug login"),
        ("login -b demo page", "-b demo", "login page"),
        ("-n 5 login", "-n 5", "login"),
        ("login -n5 --json", "-n5 --json", "login"),
        ("--since -7d login", "--since -7d", "login"),
        ("login --limit=3 -q", "--limit=3 -q", "login"),
        ("login -- -b --json", "", "login -b --json"),
        ("-> -.env -", "", "-> -.env -"),
        ("login -b", "-b", "login"),
        ("login --bogus -x", "--bogus -x", "login"),
    ],
)
def test_options_are_told_from_words_to_leave_out(typed: str, options: str, words: str) -> None:
    """An option of one letter stands alone; anything longer with one dash is a word."""
    told = with_words_last(typed.split(), VALUED)
    assert told == [*options.split(), "--", *words.split()]
