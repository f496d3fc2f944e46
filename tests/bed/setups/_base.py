"""What a set-up is: all that one agent needs to work in a home and to reach only the mock model."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A home: `url` is the mock model's; the rest as in `AgentHome`."""

    home: Path
    project: Path
    url: str
    retries: int
    chatty: bool
    signed_in: bool = True


class Setup:
    """One agent's part of a home; whatever it does not need it leaves as it is here."""

    program: ClassVar[str]
    """Its executable, below `node_modules`; of a Python package, the name of its script."""

    more_programs: ClassVar[tuple[str, ...]] = ()
    """Further programs that are beside it, under their own names."""

    is_python: ClassVar[bool] = False
    """Whether it is a Python package, pinned in `tests/e2e/python-agents.txt`."""

    newer_node: ClassVar[bool] = False
    """Whether it is run with the Node among the packages: the machine's may be too old for it."""

    other_model: ClassVar[str] = ""
    """A model that it takes and that is not its default."""

    conversations: ClassVar[str] = ""
    """The files that are its conversations: a glob below HOME."""

    edits_unasked: ClassVar[bool] = False
    """Whether its headless default writes files."""

    able: ClassVar[tuple[str, ...]] = ()
    """Options for a model that sees and thinks, if its usual one does not."""

    in_form: ClassVar[str] = "[[say:{}]]"
    """How the model gives an answer that has to match a schema: some agents have a tool for it."""

    seen_signed_in: ClassVar[tuple[str, str]] = ("yes", "unknown")
    """What `clinvk backends` says in this home while it is signed in, and then while it is not."""

    most_effort: ClassVar[str] = ""
    """What stands in a request for `--effort max`, if it has that option."""

    ready: ClassVar[str] = ""
    """What its own screen shows once a prompt can be typed."""

    signs: ClassVar[frozenset[str]] = frozenset()
    """Variables that it sets for its children, without its own name in theirs."""

    def environ(self, place: Place) -> Mapping[str, str]:
        """The variables that it runs with."""
        del place
        return {}

    def prepare(self, place: Place) -> None:
        """Write its files, before it is started for the first time."""

    def answer_first_questions(self, place: Place) -> None:
        """Answer what its own screen asks a newcomer."""

    def kept(self, home: Path) -> list[Path]:
        """What it keeps of its conversations."""
        return sorted(home.glob(self.conversations))

    def forget(self, home: Path) -> None:
        """Lose its conversations, but not the place where it keeps them."""
        for file in self.kept(home):
            file.unlink()

    def wipe(self, home: Path) -> None:
        """Lose its conversations and the place where it keeps them."""
        shutil.rmtree(home / self.conversations.partition("/*")[0])
