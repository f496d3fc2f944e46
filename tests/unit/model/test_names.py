"""Names, titles and tags of sessions."""

import pytest

from clinvk.errors import UsageError
from clinvk.model.names import checked_name, checked_tag, checked_title, refuse_id_like


@pytest.mark.parametrize("name", ["a", "pr-842", "team/review#7", "@bot:1", "x" * 64, "A.b_c"])
def test_a_name_is_letters_digits_and_some_signs(name: str) -> None:
    """What scripts and people call things is allowed."""
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-x", "a b", "x" * 65, "a\n", "\0", "é", "👍", "@last", "a\u202eb", "$x", "~"]
)
def test_any_other_name_is_refused(name: str) -> None:
    """A name never looks like an option, and never carries what a terminal would act on."""
    with pytest.raises(UsageError, match="a session's name is"):
        checked_name(name)


def test_a_tag_is_short_and_printable() -> None:
    """Blanks around a tag are not a part of it."""
    assert checked_tag(" later ") == "later"
    for tag in ("", "  ", "x" * 65, "a\nb", "\x1b[31m"):
        with pytest.raises(UsageError):
            checked_tag(tag)


def test_a_title_is_one_harmless_line() -> None:
    """Line ends are folded and escape sequences taken out; what is left is what a person meant."""
    assert checked_title(" fix\n the \x1b[2Jbug\u202e ") == "fix the bug"
    assert checked_title("日本語 👍🏽") == "日本語 👍🏽"


@pytest.mark.parametrize("title", ["", " ", "\n\t", "\x1b[31m", "\u202e", "\0", "\u3000"])
def test_an_empty_title_is_refused(title: str) -> None:
    """A title that shows as nothing is none."""
    with pytest.raises(UsageError, match="the title is empty"):
        checked_title(title)


def test_a_title_has_a_maximum_length() -> None:
    """Two hundred characters are accepted, ten thousand are refused."""
    assert len(checked_title("x" * 200)) == 200
    with pytest.raises(UsageError, match="at most 200"):
        checked_title("x" * 10_000)


@pytest.mark.parametrize(
    "name", ["dead", "DEAD", "2024", "0123456789ab", "deadbeef", "claude:x", "toy:", "toy:1-2"]
)
def test_a_new_name_that_reads_as_an_id_is_refused(name: str) -> None:
    """It could be, or become, what another session is meant by."""
    with pytest.raises(UsageError) as wrong:
        refuse_id_like(name, lambda: ("claude", "toy"))
    assert "looks like a session's id" in wrong.value.message
    assert "pr-" in str(wrong.value.hint)


@pytest.mark.parametrize("name", ["pr-842", "842", "abc", "0123456789abc", "feature:x", "#dead"])
def test_other_names_are_not(name: str) -> None:
    """Nor are other words with a colon, and what is too short or too long for an id."""
    refuse_id_like(name, lambda: ("claude", "toy"))
