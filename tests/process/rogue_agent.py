"""An agent's CLI at its worst: it takes claude's place on the PATH and misbehaves as it is told.

`CLINVK_TEST_BEHAVIOUR` names the function to run, and what it is given after a colon. It speaks
claude's stream of JSON lines where it speaks at all. Standard library only: a test waits for it.
"""
# It prints for a living, and starts faster without pathlib.

import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable

SESSION = "123e4567-e89b-42d3-a456-426614174000"
FOR_EVER_S = 600
BLOCK = 64 * 1024


def write(data: bytes, descriptor: int = 1) -> None:
    """All of it, whatever the pipe takes at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


_MESSAGES = itertools.count()


def say(**said: object) -> None:
    """One event."""
    line = json.dumps({"session_id": SESSION, **said}, ensure_ascii=False)
    write(line.encode("utf-8", "surrogatepass") + b"\n")


def begin() -> None:
    """The first line."""
    say(type="system", subtype="init", model="rogue-1")


def message(text: str) -> None:
    """A whole message."""
    content = [{"type": "text", "text": text}]
    identity = f"m{next(_MESSAGES)}"  # as every message of a real agent has its own
    say(type="assistant", message={"id": identity, "model": "rogue-1", "content": content})


def result(text: str = "the answer", **other: object) -> None:
    """The last line."""
    usage = {"input_tokens": 10, "output_tokens": 5}
    say(type="result", subtype="success", is_error=False, result=text, usage=usage, **other)


def answer(text: str = "the answer") -> None:
    """A whole turn as it should be."""
    begin()
    message(text)
    result(text)


def sleep() -> None:
    """Live on."""
    time.sleep(FOR_EVER_S)


# What it does with its prompt.


def reads_well() -> None:
    """Answer with the size of the prompt."""
    answer(str(len(sys.stdin.buffer.read())))


def never_reads() -> None:
    """Answer without looking at the prompt."""
    answer()


def closes_stdin() -> None:
    """Close stdin at once, so that the prompt meets nobody, and answer a moment later."""
    os.close(0)
    time.sleep(0.2)
    answer()


def reads_slowly() -> None:
    """Read the prompt in small bites, then answer with its size."""
    total = 0
    while bite := os.read(0, 16 * 1024):
        total += len(bite)
        time.sleep(0.004)
    answer(str(total))


def never_reads_nor_speaks() -> None:
    """Leave the prompt in the pipe and say nothing."""
    sleep()


# How it ends, or does not.


def silent() -> None:
    """Say nothing, for ever."""
    sys.stdin.read()
    sleep()


def silent_after_start() -> None:
    """Begin an answer and say no more."""
    begin()
    message("so far")
    sleep()


def talks_for_ever() -> None:
    """Say something every 50 ms and never end."""
    begin()
    while True:
        message("tick")
        time.sleep(0.05)


def retries_for_ever() -> None:
    """Say every 300 ms that the service failed."""
    begin()
    for attempt in range(1, 10_000):
        say(
            type="system",
            subtype="api_retry",
            attempt=attempt,
            max_retries=10,
            retry_delay_ms=300,
            error_status=529,
            error="overloaded",
        )
        time.sleep(0.3)


def lingers() -> None:
    """Answer and never leave."""
    answer()
    sleep()


def lingers_and_ignores() -> None:
    """Answer, never leave, and ignore SIGINT and SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    lingers()


def ignores_signals() -> None:
    """Never answer, and ignore SIGINT and SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    begin()
    sleep()


def stops_itself() -> None:
    """Stop like a job on a terminal, in the middle of an answer."""
    begin()
    message("so far")
    os.kill(os.getpid(), signal.SIGSTOP)
    sleep()


def closes_stdout() -> None:
    """Close stdout after half an answer and live on."""
    begin()
    message("so far")
    os.close(1)
    sleep()


def closes_stdout_after_answer() -> None:
    """Answer, close stdout and live on."""
    answer()
    os.close(1)
    sleep()


def closes_all() -> None:
    """Close stdin, stdout and stderr at once and live on."""
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    sleep()


def dies_mid_line() -> None:
    """End in the middle of a line."""
    begin()
    message("so far")
    write(b'{"type": "assistant", "mess')
    os._exit(3)


def killed() -> None:
    """Die of SIGKILL in the middle of an answer."""
    begin()
    message("so far")
    os.kill(os.getpid(), signal.SIGKILL)


def exits_badly_after_answer() -> None:
    """Answer, and exit with 1 all the same."""
    answer()
    sys.exit(1)


def error_inside_exit_0() -> None:
    """Fail in words, and exit with 0."""
    begin()
    say(type="result", subtype="success", is_error=True, api_error_status=529, result="Overloaded")


def two_results() -> None:
    """Answer, and answer again when a task in the background is over."""
    begin()
    message("the first")
    result("the first")
    message("the second")
    result("the second", origin={"kind": "task-notification"})


def fails_strangely() -> None:
    """End in a way that nobody knows."""
    begin()
    write(b"panic: flux capacitor\n  at line 7\n", 2)
    sys.exit(42)


# What it leaves behind.


def _fork(*, session: bool = False, stubborn: bool = False, held: tuple[int, ...] = ()) -> None:
    """Leave a process that sleeps, with only the descriptors in `held` open."""
    if os.fork() != 0:
        return
    if session:
        os.setsid()
    if stubborn:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    for descriptor in {0, 1, 2} - set(held):
        os.close(descriptor)
    sleep()
    os._exit(0)


def grandchild_holds_stdout() -> None:
    """Answer and leave somebody who has stdout open."""
    _fork(held=(1, 2))
    answer()


def grandchild_ignores_signals() -> None:
    """Answer and leave somebody who holds stdout and ignores every polite signal."""
    _fork(held=(1, 2), stubborn=True)
    time.sleep(0.2)
    answer()


def daemon_while_silent() -> None:
    """Fork twice with a session of its own in between, as a daemon does, and say nothing more."""
    begin()
    if (child := os.fork()) == 0:
        os.setsid()
        _fork(stubborn=True)
        os._exit(0)
    os.waitpid(child, 0)
    sleep()


def killed_beside_daemon() -> None:
    """The same, and then die of SIGKILL."""
    begin()
    if (child := os.fork()) == 0:
        os.setsid()
        _fork(stubborn=True)
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)


# How much it says.


def floods_stderr(megabytes: int) -> None:
    """Write so much to stderr, then answer."""
    block = (b"e" * 1023 + b"\n") * (BLOCK // 1024)
    for _ in range(megabytes * 1024 * 1024 // BLOCK):
        write(block, 2)
    answer()


def floods_stderr_without_line(megabytes: int) -> None:
    """The same without a single line end."""
    for _ in range(megabytes * 1024 * 1024 // BLOCK):
        write(b"e" * BLOCK, 2)
    answer()


def floods_stdout_with_junk(megabytes: int) -> None:
    """Write so much in lines that mean nothing, then answer."""
    begin()
    block = (b"o" * 1023 + b"\n") * (BLOCK // 1024)
    for _ in range(megabytes * 1024 * 1024 // BLOCK):
        write(block)
    message("the answer")
    result()


def floods_stdout_with_line_ends(megabytes: int) -> None:
    """Write so many empty lines, then answer."""
    begin()
    for _ in range(megabytes * 1024 * 1024 // BLOCK):
        write(b"\n" * BLOCK)
    message("the answer")
    result()


def floods_stdout_with_messages(megabytes: int) -> None:
    """Say so much in whole messages of 1 kB, then answer."""
    begin()
    content = [{"type": "text", "text": "m" * 900}]
    line = json.dumps({"type": "assistant", "message": {"model": "h", "content": content}})
    block = (line.encode() + b"\n") * 64
    for _ in range(megabytes * 1024 * 1024 // len(block)):
        write(block)
    message("the answer")
    result()


def _delta(text: str) -> bytes:
    event = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}}
    return json.dumps({"type": "stream_event", "event": event}).encode() + b"\n"


def floods_stdout_with_one_answer(megabytes: int) -> None:
    """Say one answer of that length, piece by piece, and never end it."""
    begin()
    block = _delta("d" * 900) * 64
    for _ in range(megabytes * 1024 * 1024 // len(block)):
        write(block)


def floods_stdout_with_notices(megabytes: int) -> None:
    """Say so much in notices that the service failed, then answer."""
    begin()
    line = {"type": "system", "subtype": "api_retry", "error": "x" * 900}
    block = (json.dumps(line).encode() + b"\n") * 64
    for _ in range(megabytes * 1024 * 1024 // len(block)):
        write(block)
    message("the answer")
    result()


def endless_line(megabytes: int) -> None:
    """Write one line of that length, then answer."""
    begin()
    for _ in range(megabytes * 1024 * 1024 // BLOCK):
        write(b"o" * BLOCK)
    write(b"\n")
    message("the answer")
    result()


def long_lines(megabytes: int) -> None:
    """Say so much in messages of 10 MB, then answer."""
    begin()
    for _ in range(megabytes // 10):
        message("l" * 10_000_000)
    message("the answer")
    result()


def long_tool_results(megabytes: int) -> None:
    """Say so much in tool results of 10 MB, then answer."""
    begin()
    content = [{"type": "tool_result", "tool_use_id": "t", "content": "語" * 3_300_000}]
    for _ in range(megabytes // 10):
        say(type="user", message={"content": content}, tool_use_result={"stdout": "x" * 1000})
    message("the answer")
    result()


def strange_bytes() -> None:
    """Print invalid UTF-8, NUL, CRLF, U+2028 and half a surrogate beside an answer."""
    begin()
    write(b"\xff\xfe\r\na\x00b\r\n" + "c\u2028d\n".encode())
    write(b'{"type": "assistant", "message": {"content": [{"type": "text", "text": "\\ud83d"}]}}\n')
    message("nul \x00 and \x1b[31mred")
    result("nul \x00 and \x1b[31mred")


def main() -> None:
    """Misbehave."""
    name, _, size = os.environ["CLINVK_TEST_BEHAVIOUR"].partition(":")
    behaviour: Callable[..., None] = globals()[name]
    behaviour(*([int(size)] if size else []))


if __name__ == "__main__":
    main()
