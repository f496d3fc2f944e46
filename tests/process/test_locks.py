"""One run at a time, and never a lock that a dead process keeps. The contenders are real ones."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.errors import SessionBusyError, StoreError
from clinvk.store.locks import Claim, Holder, acquire, briefly_locked, holder, is_held

HOLDS_UNTIL_TOLD = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from clinvk.store.locks import Claim, acquire
ours = Claim(
    pid=os.getpid(), host=sys.argv[2], now=lambda: datetime(2025, 1, 27, 10, tzinfo=UTC),
    sleep=time.sleep, identity="first",
)
lock = acquire(Path(sys.argv[1]), ours)
lock.note_child(4242, "ticks 77")
print("held", flush=True)
sys.stdin.readline()
lock.release()
print("released", flush=True)
sys.stdin.readline()
"""

COUNTS_UNDER_THE_LOCK = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from clinvk.store.locks import Claim, acquire
path, counter = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(20):
    ours = Claim(
        pid=os.getpid(), host="here", now=lambda: datetime.now(UTC), wait_s=30.0,
        sleep=lambda s: time.sleep(s / 20),
    )
    with acquire(path, ours):
        seen = int(counter.read_text())
        time.sleep(0.0005)
        counter.write_text(str(seen + 1))
"""


@contextmanager
def another_run(path: Path, host: str = "here") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock at `path` until it is told to let go."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS_UNTIL_TOLD, str(path), host],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def ours(minutes: float = 0.0, **said: Any) -> Claim:
    """Ourselves, some minutes after the other run took the lock."""
    at = datetime(2025, 1, 27, 10, tzinfo=UTC) + timedelta(minutes=minutes)
    plain = Claim(pid=os.getpid(), host="here", now=lambda: at, sleep=time.sleep)
    return replace(plain, **said)


def signed(claim: Claim) -> Holder:
    """What stands in a lock that was taken with the claim."""
    return Holder(pid=claim.pid, host=claim.host, started_at=claim.now(), identity=claim.identity)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock stands; the folder is made with it."""
    return tmp_path / "locks" / "one.lock"


def test_a_lock_that_another_run_holds_is_refused_and_names_it(path: Path) -> None:
    """The message has the process, the machine and the time; the hint says what to do."""
    with another_run(path) as child:
        assert is_held(path)
        with pytest.raises(SessionBusyError) as refused:
            acquire(path, ours(minutes=4.5))
    assert refused.value.message == (
        f"session is busy: process {child.pid} on this machine holds it (for 4 min)"
    )
    assert f"`kill {child.pid}`" in (refused.value.hint or "")


def test_a_holder_on_another_machine_is_named_with_it(path: Path) -> None:
    """A home on a network drive: a pid of another machine is nothing to kill here."""
    with another_run(path, host="build-7"), pytest.raises(SessionBusyError) as refused:
        acquire(path, ours(minutes=120))
    assert "on `build-7` holds it (for 2 h)" in refused.value.message
    assert "kill" not in (refused.value.hint or "")


def test_a_clock_that_was_set_back_makes_no_negative_time(path: Path) -> None:
    """Where the time cannot be told it is left out."""
    with another_run(path), pytest.raises(SessionBusyError) as refused:
        acquire(path, ours(minutes=-90))
    assert refused.value.message.endswith("on this machine holds it")


def test_a_dead_run_is_not_mistaken_for_the_holder(path: Path) -> None:
    """`kill` is never suggested for a pid that has ended or belongs to another process."""
    asked: list[tuple[int, str]] = []

    def runs(pid: int, identity: str) -> bool:
        asked.append((pid, identity))
        return False

    with another_run(path) as child, pytest.raises(SessionBusyError) as refused:
        acquire(path, ours(minutes=4.5, runs=runs))
    assert asked == [(child.pid, "first")]
    assert "another process holds it (process" in refused.value.message
    assert f"process {child.pid}, which the lock names, has ended" in refused.value.message
    assert "kill" not in (refused.value.hint or "")


def test_a_holder_whose_start_is_not_known_is_not_offered_to_be_killed(path: Path) -> None:
    """The number alone does not say that it is still the same process."""
    with briefly_locked(path, ours()):
        path.write_bytes(b'{"pid": 4242, "host": "here", "started_at": "2025-01-27T10:00:00Z"}\n')
        with pytest.raises(SessionBusyError) as refused:
            acquire(path, ours())
    assert "process 4242" in refused.value.message
    assert "kill" not in (refused.value.hint or "")


def test_a_dead_process_holds_nothing_and_leaves_its_text(path: Path) -> None:
    """After a kill -9 the lock is free, and its text names the child that may still run."""
    with another_run(path) as child:
        child.kill()
        child.wait()
        assert not is_held(path)
        with acquire(path, ours()) as lock:
            previous = lock.previous
            assert previous is not None
            assert (previous.pid, previous.host) == (child.pid, "here")
            assert (previous.child_pid, previous.child_identity) == (4242, "ticks 77")
            theirs = {"child_pid": 4242, "child_identity": "ticks 77"}
            assert holder(path) == replace(signed(ours()), **theirs)
            lock.note_child(77, "our own")
            mine = {"child_pid": 77, "child_identity": "our own"}
            assert holder(path) == replace(signed(ours()), **mine)
        with acquire(path, ours()) as lock:
            assert (lock.previous, holder(path)) == (None, signed(ours()))


def test_the_child_of_another_machine_is_not_mistaken_for_a_local_one(path: Path) -> None:
    """Its pid means nothing here."""
    with another_run(path, host="there") as child:
        child.kill()
        child.wait()
        with acquire(path, ours()) as lock:
            assert lock.previous is not None
            assert lock.previous.child_pid == 4242
            assert holder(path) == signed(ours())


def test_a_lock_may_be_given_back_with_its_text(path: Path) -> None:
    """Who could not end the agent of a killed run leaves it to the next one."""
    lock = acquire(path, ours())
    lock.note_child(77, "still there")
    lock.release(keep_text=True)
    lock.release()
    assert not is_held(path)
    with acquire(path, ours()) as following:
        assert following.previous is not None
        assert following.previous.child_pid == 77


def test_a_lock_released_in_order_leaves_no_name(path: Path) -> None:
    """Only a crash leaves somebody to clear up after."""
    with another_run(path) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "released\n"
        assert holder(path) is None
        with acquire(path, ours()) as lock:
            assert lock.previous is None
    assert path.exists()
    assert not is_held(path)


def test_waiting_ends_as_soon_as_the_lock_is_free(path: Path) -> None:
    """With time to wait, a busy session is entered when the other run has ended."""
    with another_run(path) as child:
        assert child.stdin is not None
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                child.kill()
                child.wait()

        with acquire(path, ours(wait_s=60.0, sleep=sleep)) as lock:
            assert lock.previous is not None
    assert len(slept) == 3


def test_a_waiting_run_is_told_once_who_holds_the_lock(path: Path) -> None:
    """As soon as the wait begins, and not again."""
    told: list[str] = []
    with another_run(path) as child, pytest.raises(SessionBusyError):
        acquire(
            path,
            ours(
                minutes=2,
                wait_s=1.0,
                sleep=lambda _: None,
                waiting=lambda busy: told.append(busy.message),
            ),
        )
    assert told == [f"session is busy: process {child.pid} on this machine holds it (for 2 min)"]


def test_a_free_lock_causes_no_message(path: Path) -> None:
    """There is nothing to wait for."""
    told: list[SessionBusyError] = []
    acquire(path, ours(wait_s=1.0, waiting=told.append)).release()
    assert told == []


def test_a_lock_that_was_waited_for_is_held_since_it_was_taken(path: Path) -> None:
    """The time of waiting does not count."""
    moments = iter([datetime(2025, 1, 27, hour, tzinfo=UTC) for hour in (10, 12, 14)])
    with another_run(path) as child:

        def sleep(seconds: float) -> None:
            if seconds > 0.03:
                child.kill()
                child.wait()

        with acquire(path, ours(wait_s=9.0, sleep=sleep, now=lambda: next(moments))):
            said = holder(path)
    assert said is not None
    assert said.started_at.hour == 12


def test_waiting_takes_no_longer_than_requested(path: Path) -> None:
    """The sum of the pauses is the requested time; then the error names the holder."""
    slept: list[float] = []
    with another_run(path), pytest.raises(SessionBusyError):
        acquire(path, ours(wait_s=1.0, sleep=slept.append))
    assert sum(slept) == pytest.approx(1.0)


def test_a_child_that_outlives_the_run_does_not_hold_its_lock(path: Path) -> None:
    """The agent's process never inherits the lock, however it is started."""
    lock = acquire(path, ours())
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        acquire(path, ours()).release()
        child.kill()


def test_of_many_processes_one_at_a_time_is_inside(path: Path, tmp_path: Path) -> None:
    """Three processes that count under the lock lose no count."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    children = [
        subprocess.Popen([sys.executable, "-c", COUNTS_UNDER_THE_LOCK, str(path), str(counter)])
        for _ in range(3)
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert counter.read_text() == "60"


@contextmanager
def somebody_looking(path: Path, every_s: float) -> Iterator[None]:
    """Another thread that asks over and over whether the lock is held."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(every_s):
            is_held(path)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        yield
    finally:
        stop.set()
        looker.join()


def test_looking_at_a_lock_never_makes_it_busy(path: Path) -> None:
    """A list that is printed at the same moment does not turn a run away."""
    acquire(path, ours()).release()
    with somebody_looking(path, every_s=0.0):
        for _ in range(200):
            acquire(path, ours()).release()


def test_looking_at_a_crashed_runs_lock_does_not_make_it_busy(path: Path) -> None:
    """Nor where a crash left a name in it, so that looking means taking it for a moment."""
    path.parent.mkdir()
    with somebody_looking(path, every_s=0.001):
        for _ in range(100):
            path.write_bytes(b"somebody who crashed\n")
            acquire(path, ours()).release()


def test_a_lock_file_that_is_deleted_does_not_let_two_in(path: Path) -> None:
    """Whoever waited on a deleted file takes the new one: the lock is what stands at the path."""
    first = acquire(path, ours())
    path.unlink()
    second = acquire(path, ours())
    assert is_held(path)
    with pytest.raises(SessionBusyError):
        acquire(path, ours(sleep=lambda _: None))
    first.release()
    assert is_held(path)
    second.release()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\xff{", b"[]", b'{"pid": -1, "host": "x", "started_at": "2025-01-27T10:00:00Z"}',
     b'{"pid": 7}', b"9" * 9000, b'{"pid": true, "host": 1, "started_at": 5}'],
)  # fmt: skip
def test_an_invalid_text_in_a_lock_names_nobody(path: Path, content: bytes) -> None:
    """The text is only for people: the lock itself works with any text."""
    path.parent.mkdir()
    path.write_bytes(content)
    assert holder(path) is None
    with acquire(path, ours()) as lock:
        assert lock.previous is None
        assert holder(path) == signed(ours())


def test_a_holder_is_written_over_a_longer_one(path: Path) -> None:
    """No rest of an older text stands behind a newer one."""
    long = ours(pid=99, host="h" * 300)
    with acquire(path, long) as lock:
        lock.note_child(12, None)
        path.write_bytes(path.read_bytes())
    with acquire(path, ours()):
        assert path.read_bytes().count(b"\n") == 1
        assert holder(path) == signed(ours())


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/null")])
def test_special_files_are_refused_without_waiting(
    path: Path, make: Callable[[Path], None]
) -> None:
    """A fifo, a folder or a link in the place of a lock is an error that names it, never a hang."""
    path.parent.mkdir()
    make(path)
    assert not is_held(path)
    assert holder(path) is None
    with pytest.raises(StoreError, match=r"cannot lock `.*one\.lock`"):
        acquire(path, ours())


def test_a_quiet_hold_keeps_others_away_and_says_nothing(path: Path) -> None:
    """What a crashed holder left stands as it was, during and after."""
    acquire(path, ours()).release()
    path.write_bytes(b'{"pid": 4242, "host": "here", "started_at": "2025-01-27T10:00:00Z"}\n')
    before = path.read_bytes()
    with briefly_locked(path, ours()):
        assert path.read_bytes() == before
        with pytest.raises(SessionBusyError):
            acquire(path, ours())
    with acquire(path, ours()) as lock:
        assert lock.previous is not None
        assert lock.previous.pid == 4242


def test_a_brief_lock_is_refused_while_a_run_holds_it(path: Path) -> None:
    """It never waits for the end of a turn."""
    with (
        another_run(path),
        pytest.raises(SessionBusyError, match="holds it"),
        briefly_locked(path, ours(4)),
    ):
        pass


def test_a_quiet_hold_may_delete_the_lock(path: Path) -> None:
    """Who waited for it takes the lock that stands there then."""
    taken: list[Path] = []
    with briefly_locked(path, ours()):
        waiting = threading.Thread(
            target=lambda: taken.append(
                acquire(path, ours(wait_s=10.0, sleep=lambda _: time.sleep(0.01))).path
            )
        )
        waiting.start()
        time.sleep(0.05)
        path.unlink()
    waiting.join()
    assert taken == [path]
    assert path.exists()
