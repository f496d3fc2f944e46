"""Compares a git work tree before and after a turn.

Pure functions from git's output and the files' states to changes. A path is a git path: bytes,
relative to the work tree's root, because a file name need not be text.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from clinvk.model.events import Change

Path = bytes

_NO_MODE = b"000000"
_SUBMODULE = b"160000"
_COLUMNS = {b"1": (8, 2, 5), b"2": (9, 2, 5), b"u": (10, 3, 7)}
"""For a changed, renamed or unmerged path: how many columns, and where mode and id in git are."""


class Blob(Struct, frozen=True, kw_only=True):
    """A file in git: its mode and the id of its content."""

    mode: str
    oid: str


class OnDisk(Struct, frozen=True, kw_only=True):
    """A file in the work tree.

    `oid` is the id of its content, None if it was too large to read. `stamp` has its size, `mtime`,
    `ctime` and inode: with the same stamp it is unchanged.
    """

    mode: str
    oid: str | None
    stamp: tuple[int, int, int, int]

    @property
    def touched_ns(self) -> int:
        """When its content, name or permissions last changed, by the system's clock."""
        return self.stamp[2]


State = Blob | OnDisk | None
"""A file in a commit or on disk; None if it does not exist."""


class WorktreeStatus(Struct, frozen=True, kw_only=True):
    """The paths that differ from the last commit; `in_head` has their states in that commit."""

    head: str | None
    in_head: Mapping[Path, Blob | None]


class Snapshot(Struct, frozen=True, kw_only=True):
    """A work tree at one time: the paths that differ from the last commit, and their states."""

    status: WorktreeStatus
    on_disk: Mapping[Path, OnDisk | None] = field(default_factory=dict)


def parse_status(data: bytes) -> WorktreeStatus:
    """Parse the output of `git status --porcelain=v2 --branch -z`; `ValueError` if it is invalid.

    Submodules and nested repositories are left out, because they are not files.
    """
    head: str | None = None
    in_head: dict[Path, Blob | None] = {}
    fields = _fields(data)
    for entry in fields:
        kind, _, rest = entry.partition(b" ")
        if kind == b"#" and rest.startswith(b"branch.oid "):
            commit = rest.removeprefix(b"branch.oid ").decode("ascii")
            head = None if commit == "(initial)" else commit
        elif kind == b"?" and not rest.endswith(b"/"):
            in_head.setdefault(rest, None)
        elif kind in _COLUMNS:
            count, at_mode, at_oid = _COLUMNS[kind]
            columns = _split(rest, count)
            paths = [columns[-1], next(fields, b"")] if kind == b"2" else columns[-1:]
            mode = columns[at_mode]
            if not columns[1].startswith(b"S") and mode != _SUBMODULE:
                in_head |= dict.fromkeys(paths, _blob(mode, columns[at_oid]))
    return WorktreeStatus(head=head, in_head=in_head)


def parse_tree_changes(data: bytes) -> dict[Path, tuple[Blob | None, Blob | None]]:
    """Parse the output of `git diff-tree -r -z --raw --no-renames`: each path before and after.

    Raises `ValueError` if it is invalid.
    """
    changes: dict[Path, tuple[Blob | None, Blob | None]] = {}
    fields = _fields(data)
    for entry in fields:
        if not entry.startswith(b":"):
            raise ValueError("not a raw difference")
        old_mode, new_mode, old, new, _ = _split(entry[1:], 5)
        path = next(fields, None)
        if path is None:
            raise ValueError("a difference without a path")
        if _SUBMODULE not in (old_mode, new_mode):
            changes[path] = (_blob(old_mode, old), _blob(new_mode, new))
    return changes


def changes_between(
    before: Snapshot, after: Snapshot, commits: Mapping[Path, tuple[Blob | None, Blob | None]]
) -> dict[Path, Change]:
    """The change of each file between the two snapshots, in the order of the paths.

    `after.on_disk` has the paths of both; `commits` is the difference between the two commits. A
    path in neither snapshot has the state in its commit.
    """
    found: dict[Path, Change] = {}
    for path in sorted({*before.on_disk, *after.status.in_head, *commits}):
        in_old, in_new = commits.get(path, (after.status.in_head.get(path), None))
        change = _change(before.on_disk.get(path, in_old), after.on_disk.get(path, in_new))
        if change is not None:
            found[path] = change
    return found


def _change(was: State, now: State) -> Change | None:
    if was is None or now is None:
        if was is now:
            return None
        return Change.CREATED if was is None else Change.DELETED
    if was.mode == now.mode:
        if isinstance(was, OnDisk) and isinstance(now, OnDisk) and was.stamp == now.stamp:
            return None
        if was.oid is not None and was.oid == now.oid:
            return None
    return Change.MODIFIED


def _fields(data: bytes) -> Iterator[bytes]:
    return iter(data.split(b"\0")[:-1])


def _split(text: bytes, count: int) -> list[bytes]:
    parts = text.split(b" ", count - 1)
    if len(parts) != count:
        raise ValueError("a line has too few fields")
    return parts


def _blob(mode: bytes, oid: bytes) -> Blob | None:
    return None if mode == _NO_MODE else Blob(mode=mode.decode("ascii"), oid=oid.decode("ascii"))
