"""A command whose words are a prompt: no option may stand between them.

`clinvk what does git -c do` would continue a session, with the prompt "what does git do". Before
and after the words an option is one, as in `clinvk fix the bug -m opus`. The first word of `resume`
is a session, so it is no part of the prompt.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from clinvk.cli.command import Command
from clinvk.cli.spelling import all_options, is_text, takes_next, typed, valued_options
from clinvk.errors import UsageError

_WITHOUT_SESSION = ("--last", "--interactive")


class WithPrompt(Command):
    """A command that refuses a prompt with an option in it."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  Typer's own signature
        """Parse the words, unless an option stands between those of the prompt."""
        refuse_split_prompt(args, self.params, command=str(self.name))
        return super().parse_args(ctx, args)


def refuse_split_prompt(args: Sequence[str], params: Sequence[Any], *, command: str) -> None:
    """Raise `UsageError` if words of the prompt stand before and after an option."""
    valued, known = valued_options(params), all_options(params)
    at = list(_words(args, valued))
    if command == "resume" and not any(map(_picks_session, args)):
        at = at[1:]
    if not at:
        return
    first, last = at[0], at[-1]
    between = [args[place] for place in range(first, last) if place not in at]
    options = list(filter(_is_option, between))
    if not options or not all(_is_known(one, known) for one in options):
        return  # what follows an unknown option may be its value
    prompt = " ".join(word for word in args[first : last + 1] if word != "--")
    words = [*args[:first], prompt, *args[last + 1 :]]
    called = "clinvk" if command == "run" else f"clinvk {command}"
    raise UsageError(
        f"the option `{options[0]}` stands between the words of the prompt",
        hint=f"quote the prompt: `{called} {typed(words)}`\n"
        f"or put `{options[0]}` before its first word, if it is an option",
    )


def _words(args: Sequence[str], valued: set[str]) -> Iterator[int]:
    """The places of the words that are neither options nor their values."""
    places = iter(range(len(args)))
    for place in places:
        if args[place] == "--":
            yield from places
        elif not _is_option(args[place]):
            yield place
        elif takes_next(args[place], valued):
            next(places, None)


def _is_option(word: str) -> bool:
    return word.startswith("-") and word not in ("-", "--")


def _is_known(option: str, known: Collection[str]) -> bool:
    name = option.partition("=")[0] if option.startswith("--") else option[:2]
    return name in known and not is_text(option)


def _picks_session(word: str) -> bool:
    """Whether all words are prompt: with `--last`, `-i`, or `-i` in a group of letters."""
    letters = word[1:] if word[:1] == "-" and word[:2] != "--" else ""
    return word in _WITHOUT_SESSION or (
        letters.isalpha() and letters[:1] in "qvei" and "i" in letters
    )
