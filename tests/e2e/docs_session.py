"""The pages of `docs/` as sessions: each page is played from its first to its last code block.

A `console` block is typed at a terminal, in a project of a home of the page's own, and shows what
the terminal shows. An `sh` block is a script, which must succeed. The demo agent is the home's
default backend. A remark above a block can have `keys: …`, which answer questions, or `before: …`,
a command that sets up what the text takes for granted. A `recipe: …` is for a test of its own.

`python tests/e2e/docs_session.py [PAGE…]` writes what is shown today into the pages.
"""

import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bed.command import Command
from bed.terminal import Terminal
from e2e.asking_session import play

DOCS = Path(__file__).parents[2] / "docs"
NOT_PLAYED = ("asking.md", "reliability.md")
"""Pages that have tests of their own, for their keys and for measurements that take hours."""
COLUMNS, ROWS = 100, 70
PATIENCE_S = 60
BLOCK = re.compile(
    r"^(?:<!-- (?P<remark>[^\n]*) -->\n)?```(?P<kind>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_STEP = re.compile(r"^\$ (?P<typed>.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)

# What is never the same is made up: ids in the order in which they are shown.
_IDS = ("7f3a9c2b41d0", "c09d11e7a5f2", "3be81f60d7c4", "e24a7d90b813", "51c6f0e9a37b")
_ID = re.compile(r"(?<![0-9a-f-])[0-9a-f]{12}(?![0-9a-f])")
_STANDS_FOR = (
    (
        re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"),
        "1b4e28ba-2fa1-4d3b-a3f5-0c7f5e6d8b21",
    ),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-01-27T10:00:00Z"),
    (re.compile(r"\b\d+\.\d ?s\b"), "0.3s"),
    (re.compile(r"(?:\b\d+|\ba) (?:second|minute)s? ago\b"), "just now"),
    (re.compile(r"\b\d+(?:\.\d+)? kB\b"), "3.4 kB"),
)
_PLACE = "/home/you"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A code block; `place` is where its text begins in the page."""

    page: str
    kind: str
    remark: str
    body: str
    place: int

    def said(self, word: str) -> str | None:
        """What the remark has after `word: `."""
        head, found, rest = self.remark.partition(f"{word}: ")
        return rest if found and not head else None


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=page.name,
            kind=found["kind"],
            remark=found["remark"] or "",
            body=found["body"],
            place=found.start("body"),
        )
        for found in BLOCK.finditer(text)
    ]


@contextmanager
def home_of_a_reader() -> Iterator[Command]:
    """`clinvk` on the PATH of a home with a project in a git repository; `demo` is the default.

    The home's path is as long as the one that is shown for it, so that lines end where they would.
    """
    home = Path(f"/tmp/{secrets.token_hex(2)}")  # a folder of this test alone, or `mkdir` fails
    home.mkdir(mode=0o700)
    try:
        yield _furnished(home)
    finally:
        shutil.rmtree(home)


def _furnished(home: Path) -> Command:
    programs, project = home / ".local/bin", home / "shop"
    programs.mkdir(parents=True)
    project.mkdir()
    (programs / "clinvk").symlink_to(Path(sys.executable).with_name("clinvk"))
    (project / "cart.py").write_text("TAX = 0.19\n")
    who = {"NAME": "Ann", "EMAIL": "ann@example.com"}
    env = {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "EDITOR": "true",
        "CLINVK_DEMO_DELAY_MS": "0",
        **{f"GIT_AUTHOR_{name}": value for name, value in who.items()},
        **{f"GIT_COMMITTER_{name}": value for name, value in who.items()},
    }
    for words in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "Begin"]):
        subprocess.run(["git", *words], cwd=project, env=env, check=True)
    place = SimpleNamespace(home=home, project=project, env=env, clinvk_home=home / ".clinvk")
    clinvk = Command(place)
    assert clinvk("config", "set", "default_backend", "demo").exit_code == 0
    return clinvk


@dataclass(slots=True)
class Page:
    """One page that is being played."""

    clinvk: Command
    ids: dict[str, str] = field(default_factory=dict)

    def play(self, page: Path) -> Iterator[tuple[str, str, str, int]]:
        """Each typed line: what the page shows, what the terminal shows, and the text's place."""
        home = self.clinvk.home
        with Terminal(home.env, home.project, columns=COLUMNS, rows=ROWS) as terminal:
            for block in blocks(page):
                if before := block.said("before"):
                    self.run(before)
                if block.kind == "sh" and not block.said("recipe"):
                    self.run(block.body)
                if block.kind == "console":
                    for step in _STEP.finditer(block.body):
                        typed = self._with_ids(step["typed"])
                        shown = play(terminal, typed, block.said("keys") or "")
                        yield (
                            step["typed"],
                            step["shown"],
                            self._normal(shown),
                            block.place + step.start("shown"),
                        )

    def run(self, script: str) -> None:
        """Run a script, which must succeed; a pipe's writer that fails is a failure too."""
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._with_ids(script)],
            cwd=self.clinvk.home.project,
            env=self.clinvk.home.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            start_new_session=True,
            check=False,
        )
        assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"

    def _with_ids(self, typed: str) -> str:
        """The line with the real ids in place of those made up, which it may shorten."""
        for real, shown in self.ids.items():
            for length in range(len(shown), 3, -1):
                typed = re.sub(rf"\b{shown[:length]}\b", real[:length], typed)
        return typed

    def _normal(self, shown: str) -> str:
        home = str(self.clinvk.home.home)
        shown = shown.replace(home, _PLACE)
        for pattern, stand_in in _STANDS_FOR:
            shown = pattern.sub(stand_in, shown)
        for found in _ID.findall(shown):
            if found not in self.ids:
                self.ids[found] = _IDS[len(self.ids)]
        shown = _ID.sub(lambda found: self.ids[found[0]], shown).rstrip()
        return f"{shown}\n" if shown else ""


def write_today(page: Path) -> None:
    """Put what is shown today into the page."""
    text = page.read_text(encoding="utf-8")
    with home_of_a_reader() as clinvk:
        steps = list(Page(clinvk).play(page))
    for _, old, new, place in reversed(steps):
        blank = "\n" if old.endswith("\n\n") or old == "\n" else ""
        text = f"{text[:place]}{new}{blank}{text[place + len(old) :]}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for page in [Path(name) for name in sys.argv[1:]] or sorted(DOCS.glob("*.md")):
        if page.name not in NOT_PLAYED:
            write_today(page)
