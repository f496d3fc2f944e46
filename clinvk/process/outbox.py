"""Writes the child's stdin: its prompt, then replies, in order.

Nothing here blocks. Data that does not fit into the pipe is kept until `poll` reports room. If a
child sends requests but reads no replies, the outbox becomes `full`, and nothing more is read from
the child until it reads. So memory stays bounded, and no reply is lost.
"""

import os
import select
from collections import deque
from typing import IO

_CHUNK = 64 * 1024
MOST_REPLIES = 1024 * 1024
"""Maximum number of bytes of waiting replies; the prompt does not count."""

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Outbox:
    """The writing end of the child's stdin, watched by `poll`.

    The prompt waits for `send_prompt`. After it the pipe is closed, but with `dialogue` it stays
    open until `finish`. If the child closes its stdin, the rest is dropped without an error.
    """

    def __init__(
        self, pipe: IO[bytes], poll: select.poll, prompt: bytes, *, dialogue: bool
    ) -> None:
        os.set_blocking(pipe.fileno(), False)
        self.descriptor = pipe.fileno()
        """The descriptor in `poll`; -1 after the pipe is closed."""
        self._pipe = pipe
        self._poll = poll
        self._prompt = memoryview(prompt)
        self._held = True
        self._replies: deque[memoryview] = deque()
        self._waiting = 0
        self._more = dialogue
        # Even without events, `poll` reports that the child has closed its end.
        poll.register(pipe, 0)
        if not prompt and not dialogue:
            self.close()

    @property
    def full(self) -> bool:
        """Whether the child must read replies before more of its output is read."""
        return self._waiting > MOST_REPLIES

    def send_prompt(self) -> None:
        """Send the prompt, then the replies that are waiting."""
        self._held = False
        self._send()

    def reply(self, data: bytes) -> None:
        """Send a reply after everything else; it is dropped if the pipe is closed or finished."""
        if self.descriptor >= 0 and self._more and data:
            self._replies.append(memoryview(data))
            self._waiting += len(data)
            self._send()

    def finish(self) -> None:
        """Accept no more replies, and close the pipe when everything is sent."""
        self._more = False
        if not self._held:
            self._send()

    def drop_replies(self) -> None:
        """Drop the waiting replies, because the child is being stopped or has ended."""
        self._replies.clear()
        self._waiting = 0
        self.finish()

    def handle_event(self, event: int) -> None:
        """Handle an event of `poll`."""
        if event & _GONE:
            self.close()
        else:
            self._send()

    def close(self) -> None:
        """Close the pipe; a second call does nothing."""
        if self.descriptor >= 0:
            self._poll.unregister(self.descriptor)
            self._pipe.close()
            self.descriptor = -1
            self._replies.clear()
            self._waiting = 0

    def _send(self) -> None:
        """Write as much as the pipe accepts now, and update the events or close the pipe."""
        if self.descriptor < 0 or self._held:
            return
        unsent = self._prompt or (self._replies[0] if self._replies else None)
        if unsent:
            try:
                sent = os.write(self.descriptor, unsent[:_CHUNK])
            except BlockingIOError:
                sent = 0
            except OSError:  # the child has closed its stdin
                self.close()
                return
            if self._prompt:
                self._prompt = self._prompt[sent:]
            else:
                self._waiting -= sent
                self._replies[0] = unsent[sent:]
                if not self._replies[0]:
                    self._replies.popleft()
        if self._prompt or self._replies:
            self._poll.modify(self.descriptor, select.POLLOUT)
        elif self._more:
            self._poll.modify(self.descriptor, 0)
        else:
            self.close()
