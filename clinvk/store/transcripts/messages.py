"""Joins the messages of a turn from their pieces."""

from clinvk.model.events import Message, ends_message


class Messages:
    """The messages so far, in order."""

    def __init__(self) -> None:
        self._messages: list[list[str]] = []
        self._in_pieces = False
        """Whether the next piece belongs to the last message."""

    def add(self, event: Message) -> None:
        """Add a whole message, or a piece of one."""
        goes_on = event.continues
        if goes_on is None:
            goes_on = event.delta and self._in_pieces
        if not goes_on or not self._messages:
            self._messages.append([])
        self._messages[-1].append(event.text)
        self._in_pieces = event.delta

    def interrupt(self, kind: str, code: object = None) -> None:
        """Note a line of this kind that is not a message."""
        self._in_pieces = self._in_pieces and not ends_message(kind, code)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each message."""
        return tuple("".join(pieces) for pieces in self._messages)
