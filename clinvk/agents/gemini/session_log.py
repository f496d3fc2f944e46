"""Reads session logs: what was said in a conversation, a message a line, and what was set later.

A message that is written again, with its tools, replaces the one before it. At times all messages
are set once more, in another form: at a resume, and without the last prompt when it failed. A
resume also begins a file of its own that stays empty, if its minute is not the first's. What a
prompt used is not in them: the agent also asks a model which model to ask, and keeps no figures of
that.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from clinvk.agents.kit.jsonl import items, mapping, parse_object, text
from clinvk.agents.kit.native import Native, moment
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn

Line = Mapping[str, Json]

_CONTEXT = ("<session_context>", "<hook_context>")


class SessionLog(Native):
    """One conversation a file; `answer` is the type of what the agent said."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns, in the order of their prompts."""
        messages: dict[str, Line] = {}
        for said in filter(None, map(parse_object, lines)):
            if rewound_to := text(said.get("$rewindTo")):
                _rewind(messages, rewound_to)
            elif (anew := _all_messages(said)) is not None:
                ids = {text(each.get("id")): each for each in anew}
                messages = {each: messages.get(each, ids[each]) for each in filter(None, ids)}
            elif message_id := text(said.get("id")):
                messages[message_id] = said
        turns: list[_Turn] = []
        for message_id, said in messages.items():
            if (prompt := _prompt(said)) is not None:
                turns.append(_Turn(message_id, prompt, said, self._answer))
            elif turns:
                turns[-1].take(said)
        return tuple(turn.build() for turn in turns)


def holds_a_prompt(lines: Iterable[str]) -> bool:
    """Whether a person's prompt is left in the log; what stands last says so in most."""
    logged = list(lines)
    for said in filter(None, map(parse_object, reversed(logged))):
        if "$rewindTo" in said:
            return bool(SessionLog(answer="").turns(logged))
        if (messages := _all_messages(said)) is not None:
            return any(_prompt(each) is not None for each in messages)
        if _prompt(said) is not None:
            return True
    return False


class _Turn:
    """One turn in the making."""

    def __init__(self, turn_id: str, prompt: str, said: Line, answer: str) -> None:
        self._id = turn_id
        self._kinds = (answer, "error")
        self._prompt = prompt
        self._started_at = moment(said.get("timestamp"))
        self._ended_at: datetime | None = None
        self._text = ""
        self._model: str | None = None
        self._failed = False

    def take(self, said: Line) -> None:
        """Take a message that came after the prompt."""
        kind = said.get("type")
        if kind not in self._kinds:
            return
        self._failed = kind == "error"
        self._text = _spoken(said) or self._text
        self._model = text(said.get("model")) or self._model
        self._ended_at = moment(said.get("timestamp")) or self._ended_at

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        return NativeTurn(
            id=self._id,
            prompt=self._prompt,
            text=self._text,
            started_at=self._started_at,
            ended_at=self._ended_at,
            interrupted=self._ended_at is None,
            failed=self._failed,
            model=self._model,
        )


def _rewind(messages: dict[str, Line], message_id: str) -> None:
    """Forget this message and all that came after it."""
    later = list(messages)
    for each in later[later.index(message_id) :] if message_id in messages else later:
        del messages[each]


def _all_messages(said: Line) -> Sequence[Line] | None:
    """All messages of the conversation, where this line sets them anew."""
    messages = mapping(said.get("$set")).get("messages")
    return [mapping(each) for each in messages] if isinstance(messages, list) else None


def _prompt(said: Line) -> str | None:
    """What the person said with this message, None if they did not say it."""
    spoken = _spoken(said)
    if said.get("type") != "user" or not spoken or spoken.startswith(_CONTEXT):
        return None
    return spoken


def _spoken(said: Line) -> str:
    content = said.get("content")
    parts = [
        text(mapping(part).get("text"))
        for part in items(content)
        if mapping(part).get("thought") is not True
    ]
    return text(content) or "\n".join(filter(None, parts))
