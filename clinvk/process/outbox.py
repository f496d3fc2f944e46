"""What the child is still to read on its stdin: its prompt, then replies, in that order.

Nothing here waits. What the pipe does not take now is kept until `poll` says that there is room. A
child that asks on and on and reads no reply fills the outbox: then it is `full`, and nothing more
is read from the child until it reads. So memory stays bounded, and no reply is lost.
"""

import os
import select
from collections import deque
from typing import IO

_CHUNK = 64 * 1024
MOST_REPLIES = 1024 * 1024
"""Bytes of replies that may wait; the prompt does not count, whatever its length."""

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Outbox:
    """The writing end of the child's stdin, watched by `poll`.

    The prompt is held until `send_prompt`. After it the pipe is closed, unless the child is in a
    `dialogue`: then it stays open until `finish`. A child that closes its stdin gets nothing more,
    and that is no error.
    """

    def __init__(
        self, pipe: IO[bytes], poll: select.poll, prompt: bytes, *, dialogue: bool
    ) -> None:
        os.set_blocking(pipe.fileno(), False)
        self.descriptor = pipe.fileno()
        """What `poll` reports; -1 once the pipe is closed."""
        self._pipe = pipe
        self._poll = poll
        self._prompt = memoryview(prompt)
        self._held = True
        self._replies: deque[memoryview] = deque()
        self._waiting = 0
        self._more = dialogue
        # Without any event of its own it still reports that the child has closed its end.
        poll.register(pipe, 0)
        if not prompt and not dialogue:
            self.close()

    @property
    def full(self) -> bool:
        """Whether the child has to read before it is worth listening to it again."""
        return self._waiting > MOST_REPLIES

    def send_prompt(self) -> None:
        """Send the prompt, and what was replied meanwhile after it."""
        self._held = False
        self._send()

    def reply(self, data: bytes) -> None:
        """Send that after everything else; dropped where the child can get nothing more."""
        if self.descriptor >= 0 and self._more and data:
            self._replies.append(memoryview(data))
            self._waiting += len(data)
            self._send()

    def finish(self) -> None:
        """Nothing more will be replied: close the pipe as soon as all is sent."""
        self._more = False
        if not self._held:
            self._send()

    def drop_replies(self) -> None:
        """Nobody waits for the replies any more, because the child is to end or has ended."""
        self._replies.clear()
        self._waiting = 0
        self.finish()

    def take_place(self, event: int) -> None:
        """Do what `poll` says that can be done."""
        if event & _GONE:
            self.close()
        else:
            self._send()

    def close(self) -> None:
        """Close the pipe; a second time does nothing."""
        if self.descriptor >= 0:
            self._poll.unregister(self.descriptor)
            self._pipe.close()
            self.descriptor = -1
            self._replies.clear()
            self._waiting = 0

    def _send(self) -> None:
        """Write what the pipe takes now of what comes next, and see what is left to be done."""
        if self.descriptor < 0 or self._held:
            return
        unsent = self._prompt or (self._replies[0] if self._replies else None)
        if unsent:
            try:
                sent = os.write(self.descriptor, unsent[:_CHUNK])
            except BlockingIOError:
                sent = 0
            except OSError:  # the child does not want the rest
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
