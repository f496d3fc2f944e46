"""An earlier conversation as text for a new one: prompts, answers and names of tools.

Sizes are bytes of UTF-8, because the same number of characters can be four times as many tokens in
another script. The newest turns matter most, so they are included first.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from clinvk.model.request import IfMissing
from clinvk.model.tool_names import common_name
from clinvk.model.turn import ToolCall, Turn
from clinvk.text.units import plural

BUDGET = 100_000
"""Bytes of all turns together: about 25 000 tokens, which leaves room for the new conversation."""

LONGEST = 20_000
"""Bytes of one prompt or answer; of a longer one, the start and the end are kept."""

_TOOLS = 20
_FILES = 20
_SUMMARY = 200
_TAG = "earlier-conversation"


class Replay(Struct, frozen=True, kw_only=True):
    """The text of the turns `first` to `last`.

    `left_out` counts the turns before them, `shortened` the texts that were too long.
    """

    text: str
    first: int
    last: int
    left_out: int
    shortened: int

    def before(self, prompt: str) -> str:
        """The prompt, preceded by the replayed text."""
        return f"{self.text}\n\n{prompt}"

    @property
    def note(self) -> str:
        """A note for the user about what was replayed and what was left out."""
        turns = f"turn {self.first}" if self.first == self.last else f"turns {self.first} to "
        turns += "" if self.first == self.last else str(self.last)
        cuts = []
        if self.left_out:
            cuts.append(f"{plural(self.left_out, 'earlier turn')} left out")
        if self.shortened:
            cuts.append(f"{plural(self.shortened, 'long text')} shortened")
        return turns + (f" ({', '.join(cuts)})" if cuts else "")


def replay_of(turns: Sequence[Turn], *, budget: int = BUDGET) -> Replay | None:
    """The conversation of these turns as text; None if its content is unknown.

    Turns before one that started an empty conversation are not part of it.
    """
    known = [turn for turn in _last_conversation(turns) if turn.prompt or turn.outcome.text]
    parts: list[str] = []
    room, shortened = budget, 0
    for turn in reversed(known):
        part, cuts = _turn_text(turn)
        room -= len(part.encode("utf-8", errors="replace"))
        if parts and room < 0:
            break
        parts.append(part)
        shortened += cuts
    if not parts:
        return None
    left_out = len(known) - len(parts)
    return Replay(
        text="\n\n".join([_opening(left_out), *reversed(parts), f"</{_TAG}>"]),
        first=known[left_out].number,
        last=known[-1].number,
        left_out=left_out,
        shortened=shortened,
    )


def _last_conversation(turns: Sequence[Turn]) -> Sequence[Turn]:
    starts = [at for at, turn in enumerate(turns) if turn.conversation_origin is IfMissing.NEW]
    return turns[starts[-1] :] if starts else turns


def _opening(left_out: int) -> str:
    cut = f" Left out: {plural(left_out, 'earlier turn')}." if left_out else ""
    return (
        f"<{_TAG}>\n"
        "You had this conversation with the same user before. This is a record of it, oldest turn"
        f" first, with tools and files only named.{cut} The user's new message follows below."
    )


def _turn_text(turn: Turn) -> tuple[str, int]:
    """The turn as text, and how many of its texts were shortened."""
    prompt, prompt_cut = _shortened(turn.prompt)
    answer, answer_cut = _shortened(turn.outcome.text)
    lines = [f"## Turn {turn.number}"]
    if prompt:
        lines += ["User:", prompt]
    lines += _listed("Tools used", [_call(call) for call in turn.tools], _TOOLS)
    lines += _listed(
        "Files changed",
        [f"{file.path} ({file.change.value})" for file in turn.outcome.files],
        _FILES,
    )
    if answer:
        lines += ["Assistant:", answer]
    if turn.outcome.failure is not None or turn.interrupted:
        lines.append(
            "(the turn failed here)" if turn.outcome.failure else "(the turn broke off here)"
        )
    return "\n".join(lines).replace(f"</{_TAG}", f"< /{_TAG}"), prompt_cut + answer_cut


def _shortened(text: str) -> tuple[str, bool]:
    data = text.encode("utf-8", errors="replace")
    if len(data) <= LONGEST:
        return text, False
    head = data[: LONGEST // 2].decode("utf-8", errors="ignore")
    tail = data[-LONGEST // 2 :].decode("utf-8", errors="ignore")
    return f"{head}\n[… {len(data) - LONGEST:,} bytes left out …]\n{tail}", True


def _call(call: ToolCall) -> str:
    how = {True: "", False: " (failed)", None: " (no result)"}[call.ok]
    return f"{common_name(call.name)} {call.summary[:_SUMMARY]}".rstrip() + how


def _listed(label: str, found: Iterable[str], most: int) -> list[str]:
    names = list(found)
    if not names:
        return []
    more = [f"and {len(names) - most:,} more"] if len(names) > most else []
    return [f"{label}:", *(f"- {name}" for name in [*names[:most], *more])]
