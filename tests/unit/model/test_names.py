"""Names and tags of sessions."""

import pytest

from clinvk.errors import UsageError
from clinvk.model.names import checked_name, checked_tag


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
