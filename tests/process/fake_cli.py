"""A child that behaves as badly as agents' CLIs do, one way for each name in argv[1].

Standard library only, started with `-I -S`: a test waits for its start.
"""
# It prints for a living, and starts faster without pathlib.
# ruff: noqa: T201, PTH109, PTH116, PTH120, PTH123

import fcntl
import os
import select
import signal
import sys
import time
from collections.abc import Callable


def echo() -> None:
    """Print what came on stdin."""
    print(sys.stdin.read(), flush=True)


def never_reads() -> None:
    """Give a result without looking at stdin."""
    print("result", flush=True)


def does_not_wait() -> None:
    """Leave what fits of 800 kB in the pipe, as a program on Node does, and be gone."""
    os.set_blocking(1, False)
    try:
        for _ in range(200):
            os.write(1, b"x" * 3999 + b"\n")
    except BlockingIOError:
        return
    os.write(1, b"result\n")


def closes_stdin() -> None:
    """Close stdin at once and live on for a moment."""
    os.close(0)
    time.sleep(0.1)
    print("result", flush=True)


def reads_slowly() -> None:
    """Read stdin in small bites, then print how much it was."""
    total = 0
    while bite := os.read(0, 16 * 1024):
        total += len(bite)
        time.sleep(0.002)
    print(total, flush=True)


def silent() -> None:
    """Say nothing, for ever."""
    time.sleep(600)


def busy() -> None:
    """Say something every 50 ms, for ever."""
    while True:
        print("tick", flush=True)
        time.sleep(0.05)


def busy_on_stderr() -> None:
    """Say something on stderr every 50 ms for 0.8 s, then give a result."""
    for _ in range(16):
        print("tick", file=sys.stderr, flush=True)
        time.sleep(0.05)
    print("result", flush=True)


def lingers() -> None:
    """Give a result and never leave."""
    print("result", flush=True)
    time.sleep(600)


def goes_on() -> None:
    """Give a result, say more before the time to leave is over, and end long after it."""
    print("result", flush=True)
    time.sleep(0.15)
    print("more", flush=True)
    time.sleep(0.6)
    print("late", flush=True)


def closes_stdout() -> None:
    """Close stdout early and never leave."""
    print("result", flush=True)
    os.close(1)
    time.sleep(600)


def stubborn() -> None:
    """Ignore SIGINT and SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    time.sleep(600)


def last_words() -> None:
    """Say goodbye to each SIGINT, SIGTERM and SIGHUP, and leave with 9."""

    def goodbye(number: int, _frame: object) -> None:
        # Not `print`: the signal may come while `print` has just written the line before.
        os.write(1, f"goodbye {signal.Signals(number).name}\n".encode())
        sys.exit(9)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, goodbye)
    print("ready", flush=True)
    time.sleep(600)


def counts_signals() -> None:
    """Name each SIGINT, SIGTERM and SIGHUP as it comes, and stay."""

    def name(number: int, _frame: object) -> None:
        os.write(1, f"{signal.Signals(number).name}\n".encode())

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, name)
    print("ready", flush=True)
    while True:
        time.sleep(600)


def stops_itself() -> None:
    """Stop like a job on a terminal."""
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(600)


def _leave_grandchild(*, stubborn: bool, quiet: bool, own_group: bool = False) -> None:
    if os.fork() == 0:
        if own_group:
            os.setpgid(0, 0)
        if stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if quiet:
            os.close(1)
            os.close(2)
        os.close(0)
        time.sleep(600)
    time.sleep(0.05)
    print("result", flush=True)


def grandchild_holds_stdout() -> None:
    """Leave somebody behind who has stdout open."""
    _leave_grandchild(stubborn=False, quiet=False)


def grandchild_floods_stdout() -> None:
    """Leave somebody behind who never stops printing."""
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            os.write(1, b"x" * 1000 + b"\n")
    print("result", flush=True)


def grandchild_ignores_term() -> None:
    """Leave somebody quiet behind who ignores SIGTERM."""
    _leave_grandchild(stubborn=True, quiet=True)


def grandchild_in_own_group() -> None:
    """Leave somebody behind in a group of his own, as coreutils `timeout` would."""
    _leave_grandchild(stubborn=False, quiet=True, own_group=True)


def _start_tool(*, stubborn: bool, clean: bool = False) -> None:
    """Start somebody in a session of his own, as agents start a shell tool; return once he runs."""
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        os.write(write_end, b"runs")
        if clean:  # what is ignored stays ignored
            program = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
            os.execve(sys.executable, program, {})
        time.sleep(600)
    os.read(read_end, 4)


def tool_in_own_session() -> None:
    """Have a tool that ignores SIGTERM run in a session of its own, and die of SIGTERM oneself."""
    _start_tool(stubborn=True)
    print("ready", flush=True)
    time.sleep(600)


def tool_without_environment() -> None:
    """The same with a tool whose environment is empty; its number is printed."""
    _start_tool(stubborn=True, clean=True)
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        print(file.read().strip(), flush=True)
    time.sleep(600)


def killed_beside_tool() -> None:
    """Die of SIGKILL while a tool runs."""
    _start_tool(stubborn=True)
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def lingers_beside_tool() -> None:
    """Give a result and never leave, while a tool runs."""
    _start_tool(stubborn=False)
    lingers()


def leaves_server() -> None:
    """Give a result and leave, as somebody who was asked to start a server does."""
    _start_tool(stubborn=False)
    print("result", flush=True)


def ends_tools_when_interrupted() -> None:
    """Say goodbye to a SIGINT before leaving; say nothing to other signals."""

    def goodbye(_number: int, _frame: object) -> None:
        os.write(1, b"goodbye\n")
        sys.exit(0)

    signal.signal(signal.SIGINT, goodbye)
    print("ready", flush=True)
    time.sleep(600)


def floods_stderr() -> None:
    """Write 50 MB to stderr."""
    block = b"e" * 1023 + b"\n"
    for _ in range(50 * 1024):
        os.write(2, block)
    os.write(2, b"the end\n")
    print("result", flush=True)


def floods_stdout() -> None:
    """Write lines to stdout for ever."""
    block = b"o" * 1023 + b"\n"
    while True:
        os.write(1, block)


def leaves_a_full_pipe() -> None:
    """Leave with more in the pipe than anybody reads at once."""
    fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
    os.write(1, (b"o" * 1023 + b"\n") * 300 + b"result\n")


def says_and_reads() -> None:
    """Say something before reading stdin, then how much it was."""
    print("begun", flush=True)
    print(len(sys.stdin.buffer.read()), flush=True)


def looks_then_reads() -> None:
    """Wait a moment for anything on stdin and tell whether there is, then print all of it."""
    found, _, _ = select.select([0], [], [], 0.2)
    print("something" if found else "nothing yet", flush=True)
    print(sys.stdin.read(), flush=True)


def tells_when_interrupted() -> None:
    """Read nothing until the SIGINT; then say how much there is, and leave."""

    def look(_number: int, _frame: object) -> None:
        os.set_blocking(0, False)
        try:
            found = str(len(os.read(0, 1000)))
        except BlockingIOError:
            found = "nothing"
        os.write(1, found.encode())  # not `print`, as in `last_words`
        sys.exit(0)

    signal.signal(signal.SIGINT, look)
    print("ready", flush=True)
    time.sleep(600)


def converses() -> None:
    """Ask twice, each time with what was said last, and end at the end of stdin."""
    said = sys.stdin.readline().strip()
    for number in (1, 2):
        print(f"ask {number} {said}", flush=True)
        said = sys.stdin.readline().strip()
    print(f"heard {said}\nresult", flush=True)
    sys.stdin.read()
    print("end of stdin", flush=True)


def asks_before_reading() -> None:
    """Ask three times before the prompt of 2 MB is read, then print what came after it."""
    for number in (1, 2, 3):
        print(f"ask {number}", flush=True)
    came = b""
    while not came.endswith(b"3\n"):
        came += os.read(0, 64 * 1024)
    print(came[2_000_000:].decode().replace("\n", ","), "result", sep="\n", flush=True)


def asks_a_lot_and_then_reads() -> None:
    """Ask 60 times, read nothing meanwhile, then read the 60 lines that came."""
    for number in range(60):
        print(f"ask {number}", flush=True)
    sizes = [len(sys.stdin.readline()) for _ in range(60)]
    print(len(sizes), sum(sizes), "result", sep="\n", flush=True)


def asks_and_leaves() -> None:
    """Ask 60 times, read nothing, and leave."""
    for number in range(60):
        print(f"ask {number}", flush=True)


def asks_for_ever() -> None:
    """Ask on and on and read nothing; say goodbye to a SIGINT."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(os.write(1, b"\ngoodbye\n")))
    while True:
        os.write(1, b"ask\n")
        time.sleep(0.001)


def asks_with_stdin_closed() -> None:
    """Close stdin, ask, and give a result all the same."""
    os.close(0)
    print("ask", flush=True)
    time.sleep(0.1)
    print("ask again", flush=True)
    time.sleep(0.1)
    print("result", flush=True)


def long_line() -> None:
    """Print a line of 10 MB and a short one."""
    sys.stdout.write("x" * 10_000_000 + "\nresult\n")


def dies_mid_line() -> None:
    """End in the middle of a line."""
    os.write(1, b"whole\nhalf a li")
    os._exit(3)


def strange_bytes() -> None:
    """Print invalid UTF-8, CRLF, NUL and U+2028."""
    os.write(1, b"\xff\xfe\r\na\x00b\r\n" + "c\u2028d\n".encode())


def killed() -> None:
    """Die of a signal of its own."""
    os.kill(os.getpid(), signal.SIGKILL)


def fails() -> None:
    """Explain on stderr and exit with 7."""
    print("first line\nlast line", file=sys.stderr)
    sys.exit(7)


def shows_file() -> None:
    """Print path and content of the file named in argv[2], with the modes of file and folder."""
    path = sys.argv[2].removeprefix("--file=")
    modes = [oct(os.stat(place).st_mode & 0o777) for place in (path, os.path.dirname(path))]
    with open(path, encoding="utf-8") as file:
        print(path, *modes, file.read(), sep="\n")


def shows_world() -> None:
    """Print the directory, two variables, and whether there is a terminal and a session."""
    print(os.getcwd(), os.environ.get("ADDED"), os.environ.get("REMOVED"), sep="\n")
    print(os.getsid(0) == os.getpid() == os.getpgid(0))
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
        print("terminal")
    except OSError:
        print("no terminal")


if __name__ == "__main__":
    behaviour: Callable[[], None] = globals()[sys.argv[1]]
    behaviour()
