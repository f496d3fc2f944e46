"""Runs one child from start to end: writes its stdin, reads its output, enforces its limits.

The child leads its own session and process group and has no terminal; its descendants have a mark.
At the end no process of it is left. The iteration over `Child.lines` drives everything: between two
lines all pipes are served and all limits enforced.
"""

import signal
from collections.abc import Callable, Iterator, Mapping
from subprocess import Popen
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from clinvk.model.request import Invocation
from clinvk.process.descendants import RUN_MARK, Descendants, new_mark
from clinvk.process.ending import Ending, EndReason
from clinvk.process.exit_watch import ExitWatch
from clinvk.process.group import end_group
from clinvk.process.hooks import NO_HOOKS, QUIET_S, Hooks
from clinvk.process.limits import Deadlines, Limits
from clinvk.process.orphans import run_identity
from clinvk.process.pipes import Pipes
from clinvk.process.scratch import ScratchFiles
from clinvk.process.signals import SignalInbox
from clinvk.process.spawn import spawn
from clinvk.process.stop_sequence import StopSequence

_LEFTOVER_GRACE_S = 0.6


def start(  # noqa: PLR0913  everything that a child needs, by keyword
    invocation: Invocation,
    *,
    environ: Mapping[str, str],
    limits: Limits,
    signals: SignalInbox,
    clock: Callable[[], float],
    hooks: Hooks = NO_HOOKS,
) -> "Child":
    """Start the child; `environ` is the whole base environment, `clock` a monotonic one in seconds.

    The prompt is sent by `Child.send_prompt`; without a prompt stdin is empty.

    Raises `BackendStartError` if it cannot be started. If a signal was already received, nothing is
    started: the child has pid 0, no lines, and ends as `CANCELLED`.
    """
    if signals.received:
        return Child(None, "", invocation, ScratchFiles({}), limits, signals, clock, hooks)
    mark = new_mark(environ)
    scratch = ScratchFiles(invocation.files)
    try:
        filled = replace(invocation, env=scratch.fill_in_env(invocation.env))
        argv = scratch.fill_in(invocation.argv)
        process = spawn(filled, argv, {**environ, RUN_MARK: mark}, scratch.keep_open)
    except BaseException:
        scratch.remove()
        raise
    return Child(process, mark, invocation, scratch, limits, signals, clock, hooks)


class Child:
    """A running child. As a context manager it stops the child when the block is left early."""

    def __init__(  # noqa: PLR0913, PLR0917  only `start` calls it
        self,
        process: Popen[bytes] | None,
        mark: str,
        invocation: Invocation,
        scratch: ScratchFiles,
        limits: Limits,
        signals: SignalInbox,
        clock: Callable[[], float],
        hooks: Hooks,
    ) -> None:
        self._process = process
        self._scratch = scratch
        self._limits = limits
        self._signals = signals
        self._clock = clock
        self._hooks = hooks
        self._deadlines = Deadlines(limits, clock, invocation.speaks_within_s)
        self._quiet_at: float | None = None
        self._started_at = clock()
        self._written = 0
        self._reason = EndReason.EXITED
        self._signal: signal.Signals | None = None
        self._stop_sequence: StopSequence | None = None
        self._handled = 0
        self._ending: Ending | None = None
        self.pid = process.pid if process else 0
        self.identity = run_identity(self.pid, mark) if process else ""
        """Together with the pid it identifies this process and its descendants."""
        self._descendants = Descendants(self.pid, mark)
        if process:
            self._exit = ExitWatch(process)
            wake_fds = (signals.fileno(), self._exit.fileno(), hooks.wake_fd)
            self._pipes = Pipes(process, invocation.stdin, wake_fds, dialogue=invocation.dialogue)

    @property
    def ending(self) -> Ending:
        """How it ended; only available after all `lines` or after the block."""
        if self._ending is None:
            raise RuntimeError("the child has not ended yet")
        return self._ending

    def send_prompt(self) -> None:
        """Send the prompt to the child and start its time limits.

        After a signal, or if it is being stopped, no prompt is sent.
        """
        self._deadlines.start()
        stopped = self._stop_sequence is not None or self._signals.received
        if self._process is not None and not stopped:
            self._pipes.outbox.send_prompt()

    def reply(self, data: bytes) -> None:
        """Send data to stdin, after the prompt and earlier replies; never blocks.

        Only for a `dialogue`, and until it is settled; else the data is dropped.
        """
        if self._process is not None:
            self._pipes.outbox.reply(data)

    def wait_for_person(self, waits: bool) -> None:  # noqa: FBT001  the state itself
        """Note whether the child waits for a person's answer: it is not idle then."""
        self._deadlines.wait_for_person(waits)

    def spoke(self) -> None:
        """Note that the child speaks its protocol: that limit no longer applies."""
        self._deadlines.spoke()

    def interrupt(self) -> None:
        """Stop the child as Ctrl-C does. Its remaining lines are still read."""
        self._signals.post(signal.SIGINT)

    def settled(self) -> None:
        """Note the final result: the child has `settle_s` to exit, then it is stopped.

        A dialogue ends: stdin is closed.
        """
        if not self._deadlines.settled:
            self._deadlines.settle()
            if self._process is not None:
                self._pipes.outbox.finish()

    def unsettled(self) -> None:
        """Note that the child continues after all: the limits of a working child apply again."""
        if self._pipes.stdout_open:
            self._deadlines.unsettle()

    def refuse(self) -> None:
        """Stop the child now, because it must not continue. Its remaining lines are still read."""
        if self._process is not None:
            self._stop(EndReason.REFUSED, signal.SIGTERM)

    def lines(self) -> Iterator[str]:
        """The lines of stdout as they arrive, until the child ends; enforces the limits.

        While the child is being stopped, its lines are still read.
        """
        if self._process is None:
            self._scratch.remove()
            self._ending = Ending(reason=EndReason.CANCELLED, signal=self._signals.received[0])
            return
        while self._pipes.lines or self._ending is None:
            if not self._pipes.lines or self._pipes.outbox.full:
                self._advance(self._process)
                continue
            self._signals.listening = False
            waited_for = self._draining or self._deadlines.settled
            held_at = self._clock() if waited_for else 0.0
            yield self._pipes.lines.popleft()
            self._signals.listening = True
            self._quiet_at = self._clock() + QUIET_S
            if waited_for:
                self._deadlines.postpone(self._clock() - held_at)
            self._handle_signals()

    def enforce_limits(self) -> bool:
        """Enforce the limits between two lines, for a consumer that is blocked elsewhere.

        Call it regularly. Returns False after the child was stopped before its end: then the
        consumer need not wait any longer.
        """
        if self._process is None:
            return True
        if self._ending is None:
            if self._pipes.exchange(0.0, read_stdout=False):
                self._deadlines.note_output()
            self._signals.drain()
            self._handle_signals()
            due = self._next_deadline()
            if due is not None and self._clock() >= due[0]:
                idle = due[1] is EndReason.IDLE_TIMEOUT
                self._pass_deadline(EndReason.STALLED if idle else due[1])
        gone = self._ending is not None or self._exit.poll() or self._is_over()
        return not gone or self._reason in {EndReason.EXITED, EndReason.LINGERED}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._signals.listening = True
        try:
            if self._ending is None and self._process is not None:
                self._stop(EndReason.CANCELLED, signal.SIGINT)
            for _ in self.lines():
                pass
        finally:
            # If the ordered stop failed, kill everything.
            if self._ending is None and self._process is not None:
                end_group(self.pid, grace_s=0.0, clock=self._clock, descendants=self._descendants)
                self._scratch.remove()

    def _advance(self, process: Popen[bytes]) -> None:
        """One round: wait for events or the next deadline, handle the events and the deadline."""
        if self._is_over():
            self._finish(process)
            return
        moments = [due[0]] if (due := self._next_deadline()) else []
        moments += [self._quiet_at] if self._quiet_at is not None else []
        wait_s = min(moments) - self._clock() if moments else None
        # Read before checking the deadlines: a slow consumer must not make the child idle.
        if self._pipes.exchange(self._exit.patience(wait_s)):
            self._deadlines.note_output()
        if not self._pipes.stdout_open:
            self.settled()
        self._signals.drain()
        self._handle_signals()
        if self._hooks.wake_fd in self._pipes.woken:
            self._hooks.on_wake()
        self._note_exit()
        if self._quiet_at is not None and self._clock() >= self._quiet_at:
            self._quiet_at = None
            self._hooks.on_quiet()
        due = self._next_deadline()
        if due is not None and self._clock() >= due[0]:
            self._pass_deadline(due[1])

    @property
    def _draining(self) -> bool:
        """Whether the child has exited, and only its last output is read."""
        return self._deadlines.drain_until is not None

    def _is_over(self) -> bool:
        if self._stop_sequence is not None and self._stop_sequence.exhausted:
            return True
        if not self._exit.exited:
            return False
        until = self._deadlines.drain_until
        late = until is not None and self._clock() >= until
        # Everything that it wrote before its exit is read, however slow this machine is.
        drained = late and self._pipes.bytes_read >= self._written
        return drained or not self._pipes.stdout_open

    def _next_deadline(self) -> tuple[float, EndReason] | None:
        if self._deadlines.drain_until is not None:
            return self._deadlines.drain_until, self._reason
        if self._stop_sequence is not None:
            return self._stop_sequence.until, self._reason
        return self._deadlines.next()

    def _pass_deadline(self, reason: EndReason) -> None:
        if self._draining:
            return
        if self._stop_sequence is not None:
            self._stop_sequence.escalate(self._clock())
        else:
            # After its result the child needs no SIGINT.
            self._stop(reason, signal.SIGTERM if reason is EndReason.LINGERED else signal.SIGINT)

    def _stop(self, reason: EndReason, first: signal.Signals) -> None:
        if self._stop_sequence is not None or self._exit.poll():
            return
        self._reason = reason
        self._stop_sequence = StopSequence(
            self._descendants,
            first,
            now=self._clock(),
            int_grace_s=self._limits.int_grace_s,
            term_grace_s=self._limits.term_grace_s,
        )
        self._pipes.outbox.drop_replies()
        self._hooks.on_stop()

    def _handle_signals(self) -> None:
        received = self._signals.received
        if len(received) == self._handled:
            return
        for index, number in enumerate(received[self._handled :], start=self._handled):
            if self._draining:
                self._deadlines.drain_until = self._clock()
            elif self._stop_sequence is not None:
                self._stop_sequence.escalate_on_signal(number, self._clock(), again=index > 0)
            else:
                self._signal = number
                self._stop(EndReason.CANCELLED, number)
        self._handled = len(received)

    def _note_exit(self) -> None:
        if not self._draining and self._exit.poll():
            if self._exit.fileno() >= 0:
                self._pipes.unwatch(self._exit.fileno())
            self._pipes.outbox.drop_replies()
            self._deadlines.drain()
            self._written = self._pipes.bytes_read + self._pipes.waiting

    def _finish(self, process: Popen[bytes]) -> None:
        stopped = self._reason is not EndReason.EXITED
        # A child that exited by itself may leave a server running that it was asked to start. A
        # child that was stopped or killed did not choose what it left.
        left_freely = not stopped and (process.returncode or 0) >= 0
        end_group(
            self.pid,
            grace_s=_LEFTOVER_GRACE_S,
            clock=self._clock,
            descendants=None if left_freely else self._descendants,
        )
        self._pipes.close()
        self._exit.close()
        self._scratch.remove()
        self._ending = Ending(
            reason=self._reason,
            exit_code=None if stopped else process.returncode,
            signal=self._signal if self._reason is EndReason.CANCELLED else None,
            stderr_tail=self._pipes.stderr_tail,
            duration_s=self._clock() - self._started_at,
            cut_lines=self._pipes.cut_lines,
        )
