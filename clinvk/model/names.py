"""What a person may call a session: its name and its tags."""

import re

from clinvk.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9._/#@:][A-Za-z0-9._/#@:-]{0,63}")
_LONGEST_TAG = 64


def checked_name(name: str) -> str:
    """The name as it is; `UsageError` unless it is 1 to 64 letters, digits and `._-/#@:`.

    It does not begin with `-`, so that it never looks like an option, and is not `@last`.
    """
    if _NAME.fullmatch(name) is None or name == "@last":
        raise UsageError(
            "a session's name is 1 to 64 letters, digits and `._-/#@:`",
            hint="for example `pr-842`; it does not begin with `-`",
        )
    return name


def checked_tag(tag: str) -> str:
    """The tag without blanks around it; `UsageError` if it is empty, too long or not printable."""
    tag = tag.strip()
    if not tag:
        raise UsageError("`--tag` is empty", hint="name one, or leave it out")
    if len(tag) > _LONGEST_TAG or not tag.isprintable():
        raise UsageError(f"a tag is 1 to {_LONGEST_TAG} printable characters", hint="shorten it")
    return tag
