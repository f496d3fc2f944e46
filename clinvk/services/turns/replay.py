"""An earlier conversation as text, to be told to a new one: prompts and answers, tools named.

Sizes are bytes of UTF-8, because a budget of characters would be four times as many tokens in one
script as in another. What was said last matters most, so the newest turns are taken first.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from clinvk.model.request import IfMissing
from clinvk.model.turn import ToolCall, Turn
from clinvk.text.units import plural

BUDGET = 100_000
"""Of all turns together: some 25 000 tokens, which leaves the new conversation its room."""

LONGEST = 20_000
"""Of one prompt or one answer; a longer one keeps its beginning and its end."""

_TOOLS = 20
_FILES = 20
_SUMMARY = 200
_TAG = "earlier-conversation"


class Replay(Struct, frozen=True, kw_only=True):
    """What is told of the turns `first` to `last`.

    `left_out` counts the turns before them, `shortened` the texts that were too long.
    """

    text: str
    first: int
    last: int
    left_out: int
    shortened: int

    def before(self, prompt: str) -> str:
        """The prompt, with what came before it above it."""
        return f"{self.text}\n\n{prompt}"

    @property
    def note(self) -> str:
        """What was told and what was not, for the person."""
        told = f"turn {self.first}" if self.first == self.last else f"turns {self.first} to "
        told += "" if self.first == self.last else str(self.last)
        cuts = []
        if self.left_out:
            cuts.append(f"{plural(self.left_out, 'earlier turn')} left out")
        if self.shortened:
            cuts.append(f"{plural(self.shortened, 'long text')} shortened")
        return told + (f" ({', '.join(cuts)})" if cuts else "")


def replay_of(turns: Sequence[Turn], *, budget: int = BUDGET) -> Replay | None:
    """The conversation that these turns are of, as text; None if nothing is known of what was said.

    A turn that began an empty conversation is its first: what was before was not said in it.
    """
    told = [turn for turn in _last_conversation(turns) if turn.prompt or turn.outcome.text]
    parts: list[str] = []
    room, shortened = budget, 0
    for turn in reversed(told):
        part, cuts = _told(turn)
        room -= len(part.encode("utf-8", errors="replace"))
        if parts and room < 0:
            break
        parts.append(part)
        shortened += cuts
    if not parts:
        return None
    left_out = len(told) - len(parts)
    return Replay(
        text="\n\n".join([_opening(left_out), *reversed(parts), f"</{_TAG}>"]),
        first=told[left_out].number,
        last=told[-1].number,
        left_out=left_out,
        shortened=shortened,
    )


def _last_conversation(turns: Sequence[Turn]) -> Sequence[Turn]:
    begins = [at for at, turn in enumerate(turns) if turn.afresh is IfMissing.NEW]
    return turns[begins[-1] :] if begins else turns


def _opening(left_out: int) -> str:
    cut = f" The {plural(left_out, 'turn')} before are left out." if left_out else ""
    return (
        f"<{_TAG}>\n"
        "You had this conversation with the same user before; it is told here from a record, oldest"
        f" turn first, with tools and files only named.{cut} What the user says now stands below"
        " it."
    )


def _told(turn: Turn) -> tuple[str, int]:
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
    return f"{call.name} {call.summary[:_SUMMARY]}".rstrip() + how


def _listed(label: str, found: Iterable[str], most: int) -> list[str]:
    names = list(found)
    if not names:
        return []
    more = [f"and {len(names) - most:,} more"] if len(names) > most else []
    return [f"{label}:", *(f"- {name}" for name in [*names[:most], *more])]
