"""The valid names, titles and tags of sessions."""

import re
from collections.abc import Callable, Collection

from clinvk.errors import UsageError
from clinvk.text.normalize import normal
from clinvk.text.sanitize import safe_line

_NAME = r"[A-Za-z0-9._/#@:][A-Za-z0-9._/#@:-]{0,63}"
_READS_AS_ID = re.compile(r"[0-9a-f]{4,12}", re.IGNORECASE)
_LONGEST_TAG = 64
_LONGEST_TITLE = 200


def checked_name(name: str) -> str:
    """The unchanged name; `UsageError` unless it is 1 to 64 letters, digits and `._-/#@:`.

    It must not start with `-`, so that it never looks like an option, and must not be `@last`.
    """
    if re.fullmatch(_NAME, name) is None or name == "@last":
        raise UsageError(
            "a session's name is 1 to 64 letters, digits and `._-/#@:`",
            hint="for example `pr-842`; it must not start with `-`",
        )
    return name


def refuse_id_like(name: str, backends: Callable[[], Collection[str]]) -> None:
    """Raise `UsageError` for a new name that looks like a session's id.

    That is a possible id or start of an id, also of future ones, and `BACKEND:…`. `backends`
    returns the names of all backends; it is called only if needed.
    """
    before, colon, _ = name.partition(":")
    if _READS_AS_ID.fullmatch(name) or (colon and before in backends()):
        raise UsageError(
            f"`{name}` looks like a session's id, so it cannot be a name",
            hint=f"add a prefix, for example `pr-{name.replace(':', '-')[:40]}`; `clinvk"
            f" resume {name}` continues a session by its id",
        )


def checked_tag(tag: str) -> str:
    """The tag in its stored form, without surrounding blanks.

    `UsageError` if it is empty, too long or not printable.
    """
    tag = normal(tag.strip())
    if not tag:
        raise UsageError("`--tag` is empty", hint="give a tag, or omit the option")
    if len(tag) > _LONGEST_TAG or not tag.isprintable():
        raise UsageError(f"a tag is 1 to {_LONGEST_TAG} printable characters", hint="shorten it")
    return tag


def checked_title(title: str) -> str:
    """The title on one line, without terminal controls.

    `UsageError` if it is then empty or has more than 200 characters.
    """
    folded = safe_line(title[: _LONGEST_TITLE * 20]).strip()
    if not folded:
        raise UsageError("the title is empty", hint="describe the session in a few words")
    if len(folded) > _LONGEST_TITLE:
        raise UsageError(f"a title is at most {_LONGEST_TITLE} characters", hint="shorten it")
    return folded


def nearest(name: str, names: Collection[str]) -> str:
    """A hint for an unknown backend: the most similar one, else all and how to add one."""
    from difflib import get_close_matches  # only for an error

    close = get_close_matches(name.lower()[:100], names, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"one of: {', '.join(names)}\n{_DECLARED}"


_DECLARED = (
    "`clinvk backends add` lists further agents, and any other CLI can be declared in `config.yaml`"
)
