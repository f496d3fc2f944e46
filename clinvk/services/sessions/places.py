"""The place that "here" means: a directory, or its git repository with all work trees."""

import os
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.services.files.repositories import (
    Bounds,
    Repository,
    bounds_of,
    repository_of,
    work_trees,
)
from clinvk.services.world import World
from clinvk.store.sessions.selection import Selection

_MOST_TREES = 300
"""With more work trees than this, the directories of all sessions are checked instead."""


class Here(Struct, frozen=True, dict=True):
    """The directory itself, or the repository around it with its linked work trees.

    `directory` must have no symbolic links. Nested repositories (a submodule, a clone) are not
    included. Outside a repository it is only the directory, with `below` also the directories in
    it.
    """

    directory: Path
    bounds: Bounds
    below: bool = False
    _seen: dict[str, Repository | None] = field(default_factory=dict)

    @cached_property
    def repository(self) -> Repository | None:
        """The repository around the directory."""
        return repository_of(self.directory, self.bounds)

    def holds(self, cwd: str) -> bool:
        """Whether a session with the directory `cwd` belongs to this place."""
        if self.repository is not None:
            found = self._repository_of(cwd)
            return found is not None and found.shared == self.repository.shared
        path = Path(cwd)
        return path == self.directory or (self.below and path.is_relative_to(self.directory))

    def shows(self, cwd: str) -> bool:
        """Whether `cwd` is this directory, or in the same work tree, with the same files."""
        same = self.repository is not None and self._repository_of(cwd) == self.repository
        return same or Path(cwd) == self.directory

    def narrowed(self, asked: Selection) -> Selection:
        """The selection limited to this place."""
        if self.repository is None:
            if self.below:
                return replace(asked, within=(self.directory,))
            return replace(asked, directory=str(self.directory))
        trees = work_trees(self.repository)
        return replace(asked, within=trees if len(trees) <= _MOST_TREES else (), place=self.holds)

    def narrowed_to_tree(self, asked: Selection) -> Selection:
        """The selection limited to this work tree; outside a repository like `narrowed`."""
        if self.repository is None:
            return self.narrowed(asked)
        return replace(asked, within=(self.repository.root,), place=self.shows)

    def _repository_of(self, cwd: str) -> Repository | None:
        """The repository of `cwd`, cached because many sessions share a directory."""
        if cwd not in self._seen:
            self._seen[cwd] = repository_of(Path(cwd), self.bounds)
        return self._seen[cwd]


def here_in(world: World, directory: Path | None = None, *, below: bool = False) -> Here:
    """The place of `directory`, by default of the current one of that world."""
    real = Path(os.path.realpath(world.cwd if directory is None else directory))
    return Here(real, bounds_of(world.user_home, world.environ), below=below)
