"""The answer as it is streamed and as it is complete, so that nothing is said twice."""

from collections import deque
from collections.abc import Mapping

from clinvk.backends._jsonl import text
from clinvk.model.events import Json, Message, StopReason, Thinking
from clinvk.model.pieces import Pieces

_Said = Message | Thinking
_FIELDS: dict[Json, type[_Said]] = {"text": Message, "thinking": Thinking}
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking"}
CUT = {
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "refusal": StopReason.FILTERED,
}
"""The stop reasons of an answer that is not all of it."""
_BETWEEN = Message(text="\n\n", delta=True)


class Answer:
    """Follows the blocks of messages: their pieces as they come, then each block as a whole.

    A block whose pieces all came is not said again, one that was cut short is completed, and one
    without pieces is said whole. Pieces that no whole block confirms were abandoned by the agent.
    Two text blocks that follow one another are kept apart by an empty line.
    """

    def __init__(self) -> None:
        self._last: str | Pieces = ""
        self._open: dict[str, deque[Pieces]] = {kind: deque() for kind in _FIELDS}
        self._in_text = False

    @property
    def last_text(self) -> str:
        """The latest text block, as far as it came."""
        return self._last if isinstance(self._last, str) else self._last.text

    def restart(self) -> None:
        """A new message begins, or the agent tries the last one again."""
        for pieces in self._open.values():
            pieces.clear()

    def interrupt(self) -> None:
        """Something else was told: what follows belongs to no text before it."""
        self._in_text = False

    def begin(self, kind: Json) -> None:
        """A new block begins."""
        if isinstance(kind, str) and kind in self._open:
            self._open[kind].append(Pieces())

    def piece(self, delta: Mapping[str, Json]) -> list[_Said]:
        """The next piece of the latest block."""
        kind = _DELTAS.get(text(delta.get("type")))
        if kind is None or not (said := text(delta.get(kind))):
            return []
        pieces = self._open[kind]
        if not pieces:
            pieces.append(Pieces())
        apart = kind == "text" and self._in_text and not pieces[-1].size
        pieces[-1].add(said)
        self._in_text = kind == "text"
        if self._in_text:
            self._last = pieces[-1]
        piece = _FIELDS[kind](text=said, delta=True)
        return [_BETWEEN, piece] if apart else [piece]

    def whole(self, block: Mapping[str, Json]) -> list[_Said]:
        """A block as a whole."""
        kind = text(block.get("type"))
        if kind not in self._open:
            return []
        said = text(block.get(kind))
        if kind == "text" and said:
            self._last = said
        pieces = self._open[kind]
        streamed = pieces.popleft() if pieces else Pieces()
        if streamed.size and streamed.begin(said):
            rest = said[streamed.size :]
            return [_FIELDS[kind](text=rest, delta=True)] if rest else []
        return [_FIELDS[kind](text=said)] if said else []
