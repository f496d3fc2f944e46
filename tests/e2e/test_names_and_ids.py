"""Names that read as ids, on every command that takes a SESSION. These run without Node."""

import json
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command

COMMANDS = [
    "resume beef on",
    "sessions show beef",
    "sessions rename beef x",
    "sessions name beef x",
    "sessions tag beef x",
    "sessions untag beef x",
    "sessions files beef",
    "sessions export beef",
    "sessions close beef",
    "sessions archive beef",
    "sessions unarchive beef",
    "sessions delete -y beef",
]


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home with one session whose id begins with `beef`, and one that is called so."""
    clinvk = bare_command(tmp_path)
    for session_id, name in (("beef00000001", None), ("aaaa00000001", "beef")):
        made = clinvk("-b", "demo", "-o", "json", "one").json()["session_id"]
        home = clinvk.home.clinvk_home
        for folder, ending in (("sessions", "json"), ("transcripts", "jsonl")):
            old = home / folder / f"{made}.{ending}"
            old.write_text(old.read_text().replace(made, session_id))
            old.rename(old.with_name(f"{session_id}.{ending}"))
        (home / "locks" / f"{made}.lock").unlink()
        if name is not None:
            record = home / "sessions" / f"{session_id}.json"
            record.write_text(json.dumps(json.loads(record.read_text()) | {"name": name}))
    return clinvk


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reference_to_two_sessions_is_refused_with_both(clinvk: Command, command: str) -> None:
    """Exit 4, and nothing is done."""
    ran = clinvk(*command.split())
    assert ran.exit_code == 4
    assert "`beef` matches 2 sessions" in ran.stderr
    assert "beef00000001" in ran.stderr
    assert "aaaa00000001" in ran.stderr
    assert len(clinvk("sessions", "list", "--json").json()) == 2


def test_an_old_name_still_continues_its_session(clinvk: Command) -> None:
    """`-s` asks for a name and nothing else; the id, and a prefix of it, mean the other one."""
    assert clinvk("-s", "beef", "-o", "json", "on").json()["session_id"] == "aaaa00000001"
    for words in (["beef00000001"], ["beef0"]):
        assert clinvk("resume", *words, "-o", "json", "on").json()["session_id"] == "beef00000001"


@pytest.mark.parametrize("name", ["dead", "2024", "beef00000001", "demo:1", "codex:abc"])
def test_no_session_is_given_a_name_that_reads_as_an_id(clinvk: Command, name: str) -> None:
    """Exit 2 by `-s` and by `sessions name`, with the way out; nothing is begun."""
    for words in (["-b", "demo", "-s", name, "hello"], ["sessions", "name", "aaaa0000", name]):
        ran = clinvk(*words)
        assert ran.exit_code == 2
        assert "looks like a session's id" in ran.stderr
        assert "hint: " in ran.stderr
    assert len(clinvk("sessions", "list", "--json").json()) == 2
