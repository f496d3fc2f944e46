"""Signatures of files and folders show every change, even within a tick of the clock."""

import os
from pathlib import Path

import pytest

from clinvk.store.index.file_signature import (
    ABSENT,
    UNSETTLED_NS,
    file_signature,
    file_system_now,
    folder_signature,
    is_settled,
    stamp,
)

SECOND_NS = 1_000_000_000


def test_a_file_that_changed_has_another_signature(tmp_path: Path) -> None:
    """Size, content time, or only the fact that another file took its place."""
    path = tmp_path / "file"
    path.write_text("one")
    before = path.stat()
    signatures = {file_signature(before)}
    path.write_text("three")
    signatures.add(file_signature(path.stat()))
    (tmp_path / "new").write_text("three")
    (tmp_path / "new").replace(path)
    signatures.add(file_signature(path.stat()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    signatures.add(file_signature(path.stat()))
    assert len(signatures) == 4
    assert file_signature(path.stat()) in signatures


def test_a_signature_is_the_same_in_every_process() -> None:
    """It is made of numbers alone, which Python hashes without a seed."""
    times = {"st_mtime_ns": 2, "st_ctime_ns": 3}
    found = os.stat_result((0o100600, 5, 1, 1, 0, 0, 7, 0, 0, 0), times)
    assert file_signature(found) == hash((5, 7, 2, 3))


@pytest.mark.parametrize(
    ("changed_ns", "age_ns", "settled"),
    [
        (7 * SECOND_NS + 5, 0, False),
        (7 * SECOND_NS + 5, UNSETTLED_NS, False),
        (7 * SECOND_NS + 5, UNSETTLED_NS + 1, True),
        (7 * SECOND_NS + 5, -SECOND_NS, False),
        (7 * SECOND_NS, SECOND_NS, False),
        (7 * SECOND_NS, 2 * SECOND_NS + 1, True),
    ],
    ids=[
        "at once",
        "a few ticks",
        "later",
        "in the future",
        "whole seconds",
        "whole seconds later",
    ],
)
def test_a_recent_change_is_not_settled(
    tmp_path: Path,
    changed_ns: int,
    age_ns: int,
    settled: bool,  # noqa: FBT001  a column
) -> None:
    """Another change within the tick would have the same signature; ticks may be whole seconds."""
    (tmp_path / "file").touch()
    plain = (tmp_path / "file").stat()
    found = os.stat_result(plain[:10], {"st_ctime_ns": changed_ns})
    assert is_settled(found, changed_ns + age_ns) is settled


def test_each_change_of_a_folder_changes_its_signature(tmp_path: Path) -> None:
    """An entry added, removed, or put in the place of another."""
    folder = tmp_path / "folder"
    signatures = [folder_signature(folder)]
    folder.mkdir()
    signatures.append(stamp(folder))
    (folder / "a").touch()
    signatures.append(folder_signature(folder))
    stamp(folder)
    (tmp_path / "new").touch()
    (tmp_path / "new").replace(folder / "a")
    signatures.append(folder_signature(folder))
    stamp(folder)
    (folder / "a").unlink()
    signatures.append(folder_signature(folder))
    assert signatures[0] == ABSENT
    assert len(set(signatures)) == 5


def test_a_stamp_is_a_time_that_no_change_produces(tmp_path: Path) -> None:
    """A change within the same tick leaves the time of the tick, not that of the stamp."""
    (tmp_path / "a").touch()
    tick_ns = tmp_path.stat().st_mtime_ns
    stamped = stamp(tmp_path)
    assert stamped == folder_signature(tmp_path)
    os.utime(tmp_path, ns=(tick_ns, tick_ns))  # as a change at the same moment would leave it
    assert folder_signature(tmp_path) != stamped


def test_stamps_differ(tmp_path: Path) -> None:
    """Two in a row are two signatures, as close together as they may be."""
    assert len({stamp(tmp_path) for _ in range(50)}) == 50


def test_a_folder_that_is_not_there_has_a_signature_of_its_own(tmp_path: Path) -> None:
    """So that its making is noticed; it is not made by looking."""
    assert stamp(tmp_path / "no") == folder_signature(tmp_path / "no") == ABSENT
    assert not (tmp_path / "no").exists()


def test_the_file_systems_time_advances(tmp_path: Path) -> None:
    """Changes are marked with this time, whatever the system's clock shows."""
    before = file_system_now(tmp_path)
    (tmp_path / "file").touch()
    assert before <= (tmp_path / "file").stat().st_ctime_ns
