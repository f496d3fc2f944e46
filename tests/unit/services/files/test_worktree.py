"""A work tree before and after a turn, from what git prints."""

from collections.abc import Mapping

import pytest

from clinvk.model.events import Change
from clinvk.services.files.worktree import (
    Blob,
    OnDisk,
    Snapshot,
    State,
    WorktreeStatus,
    changes_between,
    parse_status,
    parse_tree_changes,
)

A, B = "a" * 40, "b" * 40
ZERO = "0" * 40
FILE = Blob(mode="100644", oid=A)


def on_disk(oid: str | None = B, *, mode: str = "100644", at: int = 1) -> OnDisk:
    """A file of the work tree, touched at some time."""
    return OnDisk(mode=mode, oid=oid, stamp=(1, at, at, 1))


def snapshot(in_head: Mapping[bytes, Blob | None], held: Mapping[bytes, OnDisk | None]) -> Snapshot:
    """A work tree in which these paths differ from the commit and hold that."""
    return Snapshot(status=WorktreeStatus(head=A, in_head=in_head), on_disk=held)


CLEAN = snapshot({}, {})


def test_every_kind_of_entry_is_read() -> None:
    """Changed, renamed, unmerged and untracked paths, whatever bytes are in their names."""
    told = parse_status(
        b"\0".join(
            [
                b"# branch.oid " + A.encode(),
                b"# branch.head main",
                f"1 .M N... 100644 100644 100644 {A} {A} a b\n.txt".encode(),
                f"1 A. N... 000000 100644 100644 {ZERO} {B} new".encode(),
                f"2 R. N... 100644 100644 100644 {A} {A} R100 to".encode(),
                b"from",
                f"u UU N... 100644 100755 100644 100644 {ZERO} {B} {A} both".encode(),
                f"1 .M S..U 160000 160000 160000 {A} {A} module".encode(),
                b"? caf\xe9",
                b"? nested/",
                b"",
            ]
        )
    )
    assert told.head == A
    assert told.in_head == {
        b"a b\n.txt": FILE,
        b"new": None,
        b"to": FILE,
        b"from": FILE,
        b"both": Blob(mode="100755", oid=B),
        b"caf\xe9": None,
    }


def test_a_repository_without_a_commit_has_no_head() -> None:
    """`(initial)` is no commit."""
    assert parse_status(b"# branch.oid (initial)\0? a\0") == WorktreeStatus(
        head=None, in_head={b"a": None}
    )


@pytest.mark.parametrize("data", [b"1 .M N... 100644\0", b"u \0", b"2 R. x\0", b"1 \0"])
def test_an_invalid_status_is_refused(data: bytes) -> None:
    """A line with too few fields is not guessed at."""
    with pytest.raises(ValueError, match="too few fields"):
        parse_status(data)


def test_a_difference_of_commits_is_read() -> None:
    """Each path with what it was and what it is; submodules are no files."""
    told = parse_tree_changes(
        f":100644 000000 {A} {ZERO} D\0gone\0:000000 100755 {ZERO} {B} A\0new\0"
        f":160000 160000 {A} {B} M\0module\0".encode()
    )
    assert told == {b"gone": (FILE, None), b"new": (None, Blob(mode="100755", oid=B))}


@pytest.mark.parametrize("data", [b"100644\0x\0", b":100644 100644 a b M\0"])
def test_an_invalid_difference_is_refused(data: bytes) -> None:
    """It is not guessed at."""
    with pytest.raises(ValueError, match="difference"):
        parse_tree_changes(data)


P = b"p"


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (CLEAN, snapshot({P: FILE}, {P: on_disk()}), Change.MODIFIED),
        (CLEAN, snapshot({P: FILE}, {P: None}), Change.DELETED),
        (CLEAN, snapshot({P: None}, {P: on_disk()}), Change.CREATED),
        (CLEAN, snapshot({P: FILE}, {P: on_disk(A)}), None),
        (CLEAN, snapshot({P: FILE}, {P: on_disk(A, mode="100755")}), Change.MODIFIED),
        (CLEAN, snapshot({P: FILE}, {P: on_disk(None)}), Change.MODIFIED),
        (snapshot({P: FILE}, {P: on_disk()}), snapshot({P: FILE}, {P: on_disk()}), None),
        (snapshot({P: FILE}, {P: on_disk()}), snapshot({P: FILE}, {P: on_disk(at=2)}), None),
        (snapshot({P: FILE}, {P: on_disk()}), snapshot({}, {P: on_disk(A, at=2)}), Change.MODIFIED),
        (snapshot({P: FILE}, {P: None}), snapshot({}, {P: on_disk(A)}), Change.CREATED),
        (snapshot({P: FILE}, {P: None}), snapshot({P: FILE}, {P: None}), None),
        (snapshot({P: None}, {P: on_disk()}), snapshot({}, {P: None}), Change.DELETED),
        (snapshot({P: None}, {P: on_disk(None)}), snapshot({P: None}, {P: on_disk(None)}), None),
        (
            snapshot({P: None}, {P: on_disk(None)}),
            snapshot({P: None}, {P: on_disk(None, at=2)}),
            Change.MODIFIED,
        ),
    ],
    ids=[
        "modified",
        "deleted",
        "created",
        "only-staged",
        "mode",
        "too-large",
        "dirty-before",
        "touched",
        "reverted",
        "restored",
        "gone-before",
        "untracked-deleted",
        "large-untouched",
        "large-touched",
    ],
)
def test_the_change_of_a_file_is_found(
    before: Snapshot, after: Snapshot, change: Change | None
) -> None:
    """Only the difference between the two snapshots counts, not that from the commit."""
    assert changes_between(before, after, {}) == ({P: change} if change else {})


@pytest.mark.parametrize(
    ("before", "after", "old", "new", "change"),
    [
        (CLEAN, CLEAN, None, FILE, Change.CREATED),
        (CLEAN, CLEAN, FILE, None, Change.DELETED),
        (CLEAN, CLEAN, FILE, Blob(mode="100644", oid=B), Change.MODIFIED),
        (snapshot({P: FILE}, {P: on_disk()}), snapshot({}, {P: on_disk()}), FILE, FILE, None),
        (CLEAN, snapshot({P: None}, {P: on_disk()}), FILE, None, Change.MODIFIED),
    ],
    ids=["committed", "removed", "changed", "own-change-committed", "untracked-since"],
)
def test_committed_changes_count(
    before: Snapshot, after: Snapshot, old: State, new: State, change: Change | None
) -> None:
    """A commit changes what git calls dirty, not the content of a file."""
    assert isinstance(old, Blob | None)
    assert isinstance(new, Blob | None)
    found = changes_between(before, after, {P: (old, new)})
    assert found == ({P: change} if change else {})
