"""Appends to a transcript: checkpoints are synced to the disk at once, other lines soon.

Only one writer exists at a time, under the session's lock. A failed checkpoint raises; a failed
write of streamed events only sets `failed`, because a full disk must not end the agent's turn.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from clinvk.errors import SessionBusyError, StoreError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Event, Init, Message, Raw, Thinking
from clinvk.model.outcome import Outcome
from clinvk.model.request import IfMissing
from clinvk.model.session import Session
from clinvk.store.files import open_private, reason, sync_folder, write_all
from clinvk.store.transcripts.lines import (
    LONGEST,
    Line,
    event_line,
    session_line,
    text_line,
    turn_finished_line,
)
from clinvk.text.json_codec import json_line, time_to_text

FLUSH_AT = 2048
FLUSH_AFTER = timedelta(milliseconds=200)

MOST_UNKNOWN = 16 * 1024 * 1024
"""Maximum number of characters of unknown lines per run, so that they cannot fill the disk."""

_TOO_MUCH = "the agent printed too many unknown lines"


class TranscriptWriter:
    """Appends to the transcript at `path`, whose folder exists.

    Raises `StoreError`, and `SessionBusyError` while another process writes to it.

    `empty`: the transcript is new, and needs a `session` line first. `failed` is why a streamed
    event could not be written, else None.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self.failed: str | None = None
        self._path = path
        self._now = now
        self._pieces: list[str] = []
        self._held = 0
        self._kind = ""
        self._turn = 0
        self._continues: bool | None = None
        self._unknown = 0
        self._since = now()
        try:
            self._descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
            self._hold()
            size = os.fstat(self._descriptor).st_size
            self.empty = size == 0
            self._torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        except OSError as error:
            raise self._error(error) from error

    def _hold(self) -> None:
        """Lock the file, so that there is only one writer even if the lock files were deleted."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise SessionBusyError(
                f"session `{self._path.stem}` is busy: another run is writing its transcript",
                hint="wait for it to end",
            ) from None

    def session(self, session: Session, *, durable: bool = True) -> None:
        """Write the record's fields other than turns; called after every change of them.

        Without `durable` it is not synced, because the record already has the fields.
        """
        self._checkpoint(session_line(session), sync=durable)

    def turn_started(  # noqa: PLR0913  one argument for each field of the line
        self,
        *,
        turn: int,
        at: datetime,
        backend: str,
        prompt: str,
        cwd: str,
        model: str | None = None,
        access: Access | None = None,
        conversation: str | None = None,
        mode: TurnMode = TurnMode.START,
        interactive: bool = False,
        conversation_origin: IfMissing | None = None,
    ) -> None:
        """A turn starts; synced to the disk before the agent receives the prompt.

        `model` and `conversation` are what the agent is started with. An `interactive` turn is in
        the agent's interactive screen; its line is written again when its prompt is known.
        `conversation_origin` is as in `Turn`.
        """
        self._checkpoint(
            {
                "type": "turn_started",
                "turn": turn,
                "at": time_to_text(at),
                "backend": backend,
                "mode": mode.value,
                "prompt": prompt,
                "model": model,
                "access": access.value if access else None,
                "cwd": cwd,
                "conversation": conversation,
                "resume": mode is TurnMode.RESUME,
            }
            | ({"interactive": True} if interactive else {})
            | ({"afresh": conversation_origin.value} if conversation_origin else {})
        )

    def event(self, turn: int, event: Event) -> None:
        """Write an event; pieces of text are collected first, the agent's session id is synced.

        Of unknown lines only the first `MOST_UNKNOWN` characters are kept. Never raises: see
        `failed`.
        """
        if isinstance(event, Message | Thinking) and event.delta:
            self._gather(turn, event)
            return
        self.flush()
        if isinstance(event, Raw):
            self._unknown += min(len(event.line), LONGEST)
            if self._unknown > MOST_UNKNOWN:
                self.failed = self.failed or _TOO_MUCH
                return
        line = event_line(turn, self._now(), event)
        if line is not None:
            self._try(line, sync=isinstance(event, Init))

    def flush(self) -> None:
        """Write the collected pieces. Never raises: see `failed`."""
        if self._pieces:
            text = "".join(self._pieces)
            self._pieces.clear()
            self._held = 0
            line = text_line(self._kind, self._turn, text, continues=self._continues)
            self._try(line, sync=False)

    def turn_finished(self, turn: int, at: datetime, outcome: Outcome) -> None:
        """The turn has ended."""
        self.flush()
        self._checkpoint(turn_finished_line(turn, at, outcome))

    def turn_voided(self, *, turn: int, at: datetime, reason: str) -> None:
        """The turn did not take place: nothing was sent to the agent's model."""
        self.flush()
        self._checkpoint(
            {"type": "turn_voided", "turn": turn, "at": time_to_text(at), "reason": reason}
        )

    def close(self) -> None:
        """Flush and close; a second call does nothing. Never raises: see `failed`."""
        if self._descriptor >= 0:
            self.flush()
            os.close(self._descriptor)
            self._descriptor = -1

    def _gather(self, turn: int, event: Message | Thinking) -> None:
        now = self._now()
        continues = event.continues if isinstance(event, Message) else None
        if (event.type, turn) != (self._kind, self._turn) or continues is not None:
            self.flush()
        if not self._pieces:
            self._kind, self._turn, self._since = event.type, turn, now
            self._continues = continues
        self._pieces.append(event.text)
        self._held += len(event.text)
        # If the clock was set back, the text must not wait.
        if self._held > FLUSH_AT or not timedelta(0) <= now - self._since < FLUSH_AFTER:
            self.flush()

    def _try(self, line: Line, *, sync: bool) -> None:
        try:
            self._append(line, sync=sync)
        except OSError as error:
            self.failed = self._error(error).message

    def _checkpoint(self, line: Line, *, sync: bool = True) -> None:
        try:
            self._append(line, sync=sync)
            if self.empty:
                sync_folder(self._path.parent)
        except OSError as error:
            raise self._error(error) from error

    def _append(self, line: Line, *, sync: bool) -> None:
        data = (b"\n" if self._torn else b"") + json_line(line)
        size, torn = os.fstat(self._descriptor).st_size, self._torn
        self._torn = True  # until it is whole
        try:
            write_all(self._descriptor, data)
        except OSError:
            with suppress(OSError):  # remove the partial line after a full disk
                os.ftruncate(self._descriptor, size)
                self._torn = torn
            raise
        self._torn = False
        if sync:
            os.fsync(self._descriptor)

    def _error(self, error: OSError) -> StoreError:
        return StoreError(f"cannot write `{self._path}`: {reason(error)}")
