"""The answer as it is streamed and as it is complete, so that nothing is said twice."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from clinvk.agents.kit.jsonl import text
from clinvk.model.events import Json, Message, Result, StopReason, Thinking, Warned
from clinvk.text.bounded import Pieces

_Said = Message | Thinking
_FIELDS: dict[Json, type[_Said]] = {"text": Message, "thinking": Thinking}
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking"}
CUT = {
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "refusal": StopReason.FILTERED,
}
"""The stop reasons of an answer that is not all of it."""


def without_value(result: Result) -> list[Warned]:
    """The warning for an answer that should have been held to a schema, and has no value."""
    known = result.structured is not None or result.text.strip() == "null"
    if known or result.failure is not None or not result.text.strip():
        return []
    note = "the answer is not the JSON that its schema asks for"
    return [Warned(message=note, code="answer")]


@dataclass(slots=True, eq=False)
class _Block:
    """One block of a message: its pieces, and the whole once that has come."""

    pieces: Pieces = field(default_factory=Pieces)
    whole: str | None = None
    placed: bool = False
    """Whether it is in a text already."""

    @property
    def text(self) -> str:
        return self.pieces.text if self.whole is None else self.whole

    @property
    def cut(self) -> bool:
        return self.whole is None and self.pieces.cut


class Answer:
    """Follows the blocks of messages: their pieces as they come, then each block as a whole.

    A block whose pieces all came is not said again, one that was cut short is completed, and one
    without pieces is said whole. Pieces that no whole block confirms were abandoned by the agent.
    The text blocks of one message are one text, joined as they are; a tool's call ends a text.
    """

    def __init__(self) -> None:
        self._latest: list[_Block] = []
        self._fresh = True
        self._message = ""
        self._streaming = False
        self._open: dict[str, deque[_Block]] = {kind: deque() for kind in _FIELDS}
        self._in_pieces = False

    @property
    def last_text(self) -> str:
        """The text of the latest message that has one, as far as it came."""
        return "".join(block.text for block in self._latest)

    @property
    def cut(self) -> bool:
        """Whether that text is so long that not all of it was kept."""
        return any(block.cut for block in self._latest)

    def restart(self) -> None:
        """A new message begins, or the agent tries the last one again."""
        for blocks in self._open.values():
            blocks.clear()
        self._fresh, self._streaming, self._message = True, True, ""

    def stop(self) -> None:
        """The message that was streamed is complete."""
        self._streaming = False

    def message(self, identity: str) -> None:
        """Whole blocks of this message follow.

        Those of the message that is being streamed may each have another identity.
        """
        if not self._streaming and (not identity or identity != self._message):
            self._fresh = True
        self._message = identity

    def interrupt(self) -> None:
        """Something else was told: what follows does not go on by itself."""
        self._in_pieces = False

    def end_text(self) -> None:
        """A tool was called: what follows is a text of its own."""
        self._fresh = True

    def begin(self, kind: Json) -> None:
        """A new block begins."""
        if isinstance(kind, str) and kind in self._open:
            self._open[kind].append(_Block())

    def piece(self, delta: Mapping[str, Json]) -> list[_Said]:
        """The next piece of the latest block."""
        kind = _DELTAS.get(text(delta.get("type")))
        if kind is None or not (said := text(delta.get(kind))):
            return []
        blocks = self._open[kind]
        if not blocks:
            blocks.append(_Block())
        block = blocks[-1]
        block.pieces.add(said)
        if kind == "thinking":
            self._in_pieces = False
            return [Thinking(text=said, delta=True)]
        return [Message(text=said, delta=True, continues=self._place(block, delta=True))]

    def whole(self, block: Mapping[str, Json]) -> list[_Said]:
        """A block as a whole."""
        kind = text(block.get("type"))
        if kind not in self._open:
            return []
        said = text(block.get(kind))
        blocks = self._open[kind]
        known = blocks.popleft() if blocks else _Block()
        streamed = known.pieces.size > 0
        if not said:
            return []
        if streamed and not known.pieces.begin(said):
            # What was streamed is not what it says now: only this counts.
            known, streamed, self._fresh = _Block(), False, True
        rest = said[known.pieces.size :]
        known.whole = said
        if not rest:
            return []
        if kind == "thinking":
            self._in_pieces = False
            return [Thinking(text=rest, delta=streamed)]
        continues = self._place(known, delta=streamed)
        return [Message(text=rest, delta=streamed, continues=continues)]

    def _place(self, block: _Block, *, delta: bool) -> bool | None:
        """Note the block's text, and say how it stands to the text before: see `Message`."""
        follows = self._in_pieces and delta
        self._in_pieces = delta
        if self._fresh:
            self._latest, self._fresh, block.placed = [block], False, True
            return False if follows else None
        if not block.placed:
            self._latest.append(block)
            block.placed = True
        return None if follows else True
