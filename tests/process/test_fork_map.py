"""Work shared with forked copies of a process: all of it is done, and no copy stays.

The process that is copied is one of its own: pytest may have other threads.
"""

import os
import signal
import subprocess
import sys
import textwrap

_HEAD = """
import os, signal, sys, threading, time
from clinvk.process.fork_map import fork_map
US = os.getpid()
def left():
    try:
        return os.waitpid(-1, os.WNOHANG)[0] or "one is left"
    except ChildProcessError:
        return "none is left"
"""


def _run(script: str) -> str:
    """What the script prints, with `fork_map` at hand."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _HEAD + textwrap.dedent(script)],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert not done.stderr
    return done.stdout


def test_each_part_is_done_in_a_process_of_its_own_and_the_results_are_in_order() -> None:
    """However long each takes, and also if a result is larger than a pipe holds."""
    printed = _run("""
        def work(part):
            time.sleep(0.2 if part == 1 else 0)
            return part, os.getpid(), "x" * 1_000_000
        sys.stdout.write("written once, ")
        found = fork_map(work, [0, 1, 2, 3])
        print([part for part, _, text in found if len(text) == 1_000_000])
        print(found[0][1] == US, len({pid for _, pid, _ in found}), left())
        print(fork_map(work, []))
    """)
    assert printed == "written once, [0, 1, 2, 3]\nTrue 4 none is left\n[]\n"


def test_the_part_of_a_copy_that_dies_is_done_here() -> None:
    """Killed, or with a result that does not pickle."""
    printed = _run("""
        def work(part):
            if part == 1 and os.getpid() != US:
                os.kill(os.getpid(), signal.SIGKILL)
            return (lambda: part) if part == 2 else (lambda part=part: part)
        print([found() for found in fork_map(work, [0, 1, 2])], left())
    """)
    assert printed == "[0, 1, 2] none is left\n"


def test_an_error_of_the_work_is_raised_here() -> None:
    """As without copies; no copy prints anything on stderr."""
    printed = _run("""
        def work(part):
            if part:
                raise ValueError(part)
        try:
            fork_map(work, [0, 1, 2])
        except ValueError as error:
            print(error, left())
    """)
    assert printed == "1 none is left\n"


def test_where_no_copy_can_be_made_all_is_done_here() -> None:
    """Other threads would be missing in a copy; their locks would not."""
    printed = _run("""
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        print(set(fork_map(lambda part: os.getpid(), [0, 1, 2])) == {US})
    """)
    assert printed == "True\n"


def test_an_interrupt_ends_the_copies_as_well() -> None:
    """Ctrl-C reaches all of them; whoever it does not reach is ended all the same."""
    script = """
        def work(part):
            if part == 0:
                print("at work", flush=True)
            time.sleep(60)
        try:
            fork_map(work, [0, 1])
        except KeyboardInterrupt:
            print(left())
    """
    with subprocess.Popen(
        [sys.executable, "-c", _HEAD + "signal.signal(signal.SIGINT, signal.default_int_handler)"
         + textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.communicate(timeout=30) == ("none is left\n", "")
