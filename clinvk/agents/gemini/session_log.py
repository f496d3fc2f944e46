"""Reads session logs: the messages of a conversation, one per line, and later changes to them.

A message that is written again, with its tools, replaces the earlier one. Sometimes all messages
are replaced, in another form: when it is resumed, and without the last prompt if that failed. A
resume in a later minute than the start also creates another file that stays empty. The logs do not
say what a prompt used: the agent also asks a model which model to ask, and records no figures of
that.
"""

from collections.abc import Iterable, Mapping, Sequence

from clinvk.agents.kit.jsonl import count, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time, spoken
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE, Usage, total_usage

Line = Mapping[str, Json]

_CONTEXT = ("<session_context>", "<hook_context>")


class SessionLog(Native):
    """One conversation per file; `answer` is the type of the agent's messages."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether the log still has a prompt of a person; the last lines are usually sufficient."""
        logged = list(lines)
        for entry in filter(None, map(parse_object, reversed(logged))):
            if "$rewindTo" in entry:
                return bool(self.turns(logged))
            if (messages := _all_messages(entry)) is not None:
                return any(_prompt(each) is not None for each in messages)
            if _prompt(entry) is not None:
                return True
        return False

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns, in the order of their prompts."""
        turns: list[_Turn] = []
        for message_id, entry in self._messages(lines).items():
            if (prompt := _prompt(entry)) is not None:
                turns.append(_Turn(message_id, prompt, entry, self._answer))
            elif turns:
                turns[-1].add(entry)
        return tuple(turn.build() for turn in turns)

    def usage_of_prompts(self, lines: Iterable[str], prompts: int) -> Usage:
        """What the answers to the last `prompts` used, as far as the log has figures."""
        parts: list[list[Usage]] = [[]]
        for entry in self._messages(lines).values():
            if _prompt(entry) is not None:
                parts.append([])
            elif "tokens" in entry:
                parts[-1].append(_usage(mapping(entry["tokens"])))
        return total_usage(one for part in parts[1:][-prompts:] for one in part)

    @staticmethod
    def _messages(lines: Iterable[str]) -> dict[str, Line]:
        """The messages by their ids, each in its last form."""
        messages: dict[str, Line] = {}
        for entry in filter(None, map(parse_object, lines)):
            if rewound_to := text(entry.get("$rewindTo")):
                _rewind(messages, rewound_to)
            elif (all_messages := _all_messages(entry)) is not None:
                ids = {text(each.get("id")): each for each in all_messages}
                messages = {each: messages.get(each, ids[each]) for each in filter(None, ids)}
            elif message_id := text(entry.get("id")):
                messages[message_id] = entry
        return messages


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, turn_id: str, prompt: str, entry: Line, answer: str) -> None:
        super().__init__(turn_id, prompt, parse_time(entry.get("timestamp")))
        self._kinds = (answer, "error")

    def add(self, entry: Line) -> None:
        """Add a message after the prompt."""
        kind = entry.get("type")
        if kind not in self._kinds:
            return
        self.failed = kind == "error"
        self.text = spoken(entry.get("content")) or self.text
        self.model = text(entry.get("model")) or self.model
        self.ended_at = parse_time(entry.get("timestamp")) or self.ended_at

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        self.interrupted = self.ended_at is None
        return self.turn(UNKNOWN_USAGE)


def _usage(tokens: Line) -> Usage:
    """What one answer used; its output excludes the thoughts."""
    output, thought = count(tokens.get("output")), count(tokens.get("thoughts"))
    return Usage(
        input_tokens=count(tokens.get("input")),
        cached_tokens=count(tokens.get("cached")),
        output_tokens=None if output is None else output + (thought or 0),
        reasoning_tokens=thought,
    )


def _rewind(messages: dict[str, Line], message_id: str) -> None:
    """Remove this message and all later ones."""
    later = list(messages)
    for each in later[later.index(message_id) :] if message_id in messages else later:
        del messages[each]


def _all_messages(entry: Line) -> Sequence[Line] | None:
    """All messages of the conversation if this line replaces them, else None."""
    messages = mapping(entry.get("$set")).get("messages")
    return [mapping(each) for each in messages] if isinstance(messages, list) else None


def _prompt(entry: Line) -> str | None:
    """The person's prompt in this message, None if the person did not write it."""
    said = spoken(entry.get("content"))
    if entry.get("type") != "user" or said.startswith(_CONTEXT):
        return None
    return said or None
