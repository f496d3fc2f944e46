"""Each option that chooses sessions, alone and together, for `list` and for `search` alike."""

from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.kept import keep
from clinvk.model.session import Status

PLAIN, CODEX, FAILED, ELSEWHERE, TAGGED, OLD, ARCHIVED = range(1, 8)
SHOWN = [PLAIN, CODEX, FAILED, ELSEWHERE, TAGGED, OLD]


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` with seven sessions, each of which differs in one thing."""
    command = bare_command(tmp_path)
    keep(command, PLAIN)
    keep(command, CODEX, backend="codex")
    keep(command, FAILED, status=Status.ERROR)
    keep(command, ELSEWHERE, cwd="/code/elsewhere")
    keep(command, TAGGED, tags=("work", "ci"))
    keep(command, OLD, days=8)
    keep(command, ARCHIVED, archived=True)
    return command


@pytest.mark.parametrize(
    ("words", "listed", "found"),
    [
        ([], SHOWN, [*SHOWN[:-1], ARCHIVED, OLD]),
        (["--backend", "codex"], [CODEX], [CODEX]),
        (["--status", "error"], [FAILED], [FAILED]),
        (["--status", "completed"], [], []),
        (["--dir", "/code/elsewhere"], [ELSEWHERE], [ELSEWHERE]),
        (["--dir", "/code"], [ELSEWHERE], [ELSEWHERE]),
        (["--here"], [1, 2, 3, 5, 6], [1, 2, 3, 5, 7, 6]),
        (["--tag", "work"], [TAGGED], [TAGGED]),
        (["--tag", "work", "--tag", "ci"], [TAGGED], [TAGGED]),
        (["--tag", "work", "--tag", "home"], [], []),
        (["--since", "7d"], SHOWN[:-1], [*SHOWN[:-1], ARCHIVED]),
        (["--until", "7d"], [OLD], [OLD]),
        (["--archived"], [ARCHIVED], [ARCHIVED]),
        (["--limit", "2"], SHOWN[:2], SHOWN[:2]),
        (["--limit", "1", "--tag", "ci"], [TAGGED], [TAGGED]),
        (["--limit", "1", "--until", "7d", "--here", "--backend", "demo"], [OLD], [OLD]),
        (["--backend", "codex", "--status", "error"], [], []),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
def test_a_filter_selects_exactly_the_matching_sessions(
    clinvk: Command, words: list[str], listed: list[int], found: list[int]
) -> None:
    """Filtered first, then limited; a search includes archived sessions."""
    ran = clinvk("sessions", "list", "-q", *words)
    assert ran.exit_code == 0, ran.stderr
    assert [int(one, 16) for one in ran.stdout.split()] == listed
    ran = clinvk("sessions", "search", "-q", "session", *words)
    assert (ran.exit_code == 0) == bool(found), ran.stderr
    assert [int(one, 16) for one in ran.stdout.split()] == found
