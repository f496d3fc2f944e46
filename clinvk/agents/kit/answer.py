"""Combines an answer's streamed pieces with its complete blocks, without repeating any text."""

from collections import deque
from collections.abc import Mapping

from msgspec import Struct, field

from clinvk.agents.kit.jsonl import text
from clinvk.model.events import Json, Message, Result, StopReason, Thinking, Warned
from clinvk.text.bounded import BoundedText

_TextEvent = Message | Thinking
_FIELDS: dict[Json, type[_TextEvent]] = {"text": Message, "thinking": Thinking}
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking"}
INCOMPLETE = {
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "refusal": StopReason.FILTERED,
}
"""Stop reasons of an incomplete answer."""


def missing_value_warning(result: Result) -> list[Warned]:
    """The warning if an answer should match a schema but contains no value."""
    known = result.structured is not None or result.text.strip() == "null"
    if known or result.failure is not None or not result.text.strip():
        return []
    note = "the answer is not the JSON that its schema asks for"
    return [Warned(message=note, code="answer")]


class _Block(Struct, eq=False):
    """One block of a message: its pieces, and the complete text once it was received."""

    pieces: BoundedText = field(default_factory=BoundedText)
    whole: str | None = None
    placed: bool = False
    """Whether it already belongs to a text."""

    @property
    def text(self) -> str:
        return self.pieces.text if self.whole is None else self.whole

    @property
    def cut(self) -> bool:
        return self.whole is None and self.pieces.cut


class Answer:
    """Follows the blocks of messages: first their pieces, then each complete block.

    A block that was streamed completely is not repeated, a truncated one is completed, and one that
    was not streamed is reported as a whole. The agent dropped any pieces that no complete block
    confirms. The text blocks of one message are joined into one text; a tool call ends a text.
    """

    def __init__(self) -> None:
        self._latest: list[_Block] = []
        self._new_text = True
        self._message = ""
        self._streaming = False
        self._open: dict[str, deque[_Block]] = {kind: deque() for kind in _FIELDS}
        self._last_was_delta = False

    @property
    def last_text(self) -> str:
        """The text received so far of the latest message that has any."""
        return "".join(block.text for block in self._latest)

    @property
    def cut(self) -> bool:
        """Whether that text was too long to be kept completely."""
        return any(block.cut for block in self._latest)

    def restart_message(self) -> None:
        """Start a new message, or the same one again after a retry."""
        for blocks in self._open.values():
            blocks.clear()
        self._new_text, self._streaming, self._message = True, True, ""

    def end_message(self) -> None:
        """Note that the streamed message is complete."""
        self._streaming = False

    def begin_message(self, identity: str) -> None:
        """Note that complete blocks of this message follow.

        The blocks of the message that is being streamed may have different ids.
        """
        if not self._streaming and (not identity or identity != self._message):
            self._new_text = True
        self._message = identity

    def interrupt(self) -> None:
        """Note that another event came between: the next piece has to say what it continues."""
        self._last_was_delta = False

    def end_text(self) -> None:
        """Note that a tool was called: what follows is a separate text."""
        self._new_text = True

    def begin_block(self, kind: Json) -> None:
        """Start a new block."""
        if isinstance(kind, str) and kind in self._open:
            self._open[kind].append(_Block())

    def add_piece(self, delta: Mapping[str, Json]) -> list[_TextEvent]:
        """The events for the next piece of the latest block."""
        kind = _DELTAS.get(text(delta.get("type")))
        if kind is None or not (content := text(delta.get(kind))):
            return []
        blocks = self._open[kind]
        if not blocks:
            blocks.append(_Block())
        block = blocks[-1]
        block.pieces.add(content)
        if kind == "thinking":
            self._last_was_delta = False
            return [Thinking(text=content, delta=True)]
        return [Message(text=content, delta=True, continues=self._place(block, delta=True))]

    def complete_block(self, block: Mapping[str, Json]) -> list[_TextEvent]:
        """The events for a complete block."""
        kind = text(block.get("type"))
        if kind not in self._open:
            return []
        content = text(block.get(kind))
        blocks = self._open[kind]
        known = blocks.popleft() if blocks else _Block()
        streamed = known.pieces.size > 0
        if not content:
            return []
        if streamed and not known.pieces.begin(content):
            # The streamed text differs from the complete one; only the complete one is valid.
            known, streamed, self._new_text = _Block(), False, True
        rest = content[known.pieces.size :]
        known.whole = content
        if not rest:
            return []
        if kind == "thinking":
            self._last_was_delta = False
            return [Thinking(text=rest, delta=streamed)]
        continues = self._place(known, delta=streamed)
        return [Message(text=rest, delta=streamed, continues=continues)]

    def _place(self, block: _Block, *, delta: bool) -> bool | None:
        """Record the block's text and return whether it continues the previous one (`Message`)."""
        follows = self._last_was_delta and delta
        self._last_was_delta = delta
        if self._new_text:
            self._latest, self._new_text, block.placed = [block], False, True
            return False if follows else None
        if not block.placed:
            self._latest.append(block)
            block.placed = True
        return None if follows else True
