"""A session's life after its prompts, through the installed program, with the demo agent."""

import json
import os
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pexpect
import pytest

from bed.bare import bare_command
from bed.command import Command, Ran, kill_group
from bed.published import check_home

RUNS = "/silent 30"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


def begin(clinvk: Command, *options: str, prompt: str = "hello") -> str:
    """Start a session; returns its id."""
    return str(clinvk("-b", "demo", "-o", "json", *options, prompt).json()["session_id"])


def age(clinvk: Command, session_id: str, days: float) -> None:
    """Make a session older by hand, in both of its files: the transcript is believed."""
    record = clinvk.home.clinvk_home / "sessions" / f"{session_id}.json"
    said = json.loads(record.read_text())
    at = datetime.now(UTC) - timedelta(days=days)
    said["created_at"] = said["last_used_at"] = at.isoformat().replace("+00:00", "Z")
    record.write_text(json.dumps(said))
    transcript = clinvk.home.clinvk_home / "transcripts" / f"{session_id}.jsonl"
    dated = re.sub(r"\b20\d\d-\d\d-\d\dT[0-9:.]+Z", said["last_used_at"], transcript.read_text())
    transcript.write_text(dated)


def listed(clinvk: Command, *options: str) -> list[str]:
    """The ids of a list, in order."""
    ran = clinvk("sessions", "list", "-q", *options)
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout.split()


def shown(clinvk: Command, reference: str) -> Any:
    """All that is known of a session."""
    return clinvk("sessions", "show", reference, "--json").json()


class Running:
    """A session in the middle of a turn, for as long as the block lasts."""

    def __init__(self, clinvk: Command, *options: str, prompt: str = RUNS) -> None:
        self._clinvk = clinvk
        self._words = ("-b", "demo", "-o", "json", *options, prompt)
        self.id = ""

    def __enter__(self) -> Self:
        """Start it and wait until it is in the list, and its record on disk."""
        self.child = self._clinvk.popen(*self._words)
        deadline = time.monotonic() + 20
        while not self.id and time.monotonic() < deadline:
            self.id = "".join(listed(self._clinvk, "--status", "running"))
        assert self.id
        record = self._clinvk.home.clinvk_home / "sessions" / f"{self.id}.json"
        while not record.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        """Make an end of it."""
        kill_group(self.child)


def test_a_list_is_what_the_filters_say(clinvk: Command, tmp_path: Path) -> None:
    """Backend, status, directory, tag, time, archive: each narrows, and all of them together."""
    old = begin(clinvk, "-t", "later", prompt="b old")
    failed = clinvk("-b", "demo", "-o", "json", "/fail rate_limited").json()["session_id"]
    elsewhere = begin(clinvk, "-w", str(tmp_path), "--tag=later", prompt="A new")
    age(clinvk, old, days=8)
    assert listed(clinvk) == [elsewhere, failed, old]
    assert listed(clinvk, "--here") == [failed, old]
    assert listed(clinvk, "--dir", str(tmp_path)) == [elsewhere, failed, old]
    assert listed(clinvk, "--status", "error") == [failed]
    assert listed(clinvk, "--tag", "later") == [elsewhere, old]
    assert listed(clinvk, "--since", "7d") == [elsewhere, failed]
    assert listed(clinvk, "--since", "today") == [elsewhere, failed]
    assert listed(clinvk, "--until", "7d") == listed(clinvk, "--until", "yesterday") == [old]
    assert listed(clinvk, "--since", "2020-01-01", "--until", "2020-12-31") == []
    assert listed(clinvk, "--sort", "title", "-n", "2") == [failed, elsewhere]
    assert listed(clinvk, "--backend", "demo", "--status", "active", "--limit", "5") == [
        elsewhere,
        old,
    ]
    clinvk("sessions", "archive", failed)
    assert listed(clinvk) == [elsewhere, old]
    assert listed(clinvk, "--archived") == [failed]
    empty = clinvk("sessions", "list", "--tag", "nobody's")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "no session matches\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["list", "--status", "foo"], "`--status`"),
        (["list", "--backend", "foo"], "there is no backend `foo`"),
        (["list", "--tag", ""], "`--tag` is empty"),
        (["list", "--since", "soon"], "`--since`: `soon` is neither a duration nor a date"),
        (["list", "--since", "0d"], "`--since`: a duration must be more than zero"),
        (["list", "--until", "2025-02-30"], "`--until`: `2025-02-30` is not a valid date"),
        (["list", "--since", "1d", "--until", "2d"], "`--since` is not before `--until`"),
        (["list", "--here", "--dir", "."], "`--here` cannot be used with `--dir`"),
        (["list", "--dir", ""], "`--dir` is empty"),
        (["list", "--sort", "size"], "`--sort`"),
        (["list", "-n", "-1"], "`--limit`"),
        (["rename", "@last"], "missing argument"),
        (["rename", "@last", " "], "the title is empty"),
        (["rename", "@last", "\x1b[2J"], "the title is empty"),
        (["rename", "@last", "x" * 10_000], "at most 200"),
        (["name", "@last"], "either a name or `--clear`"),
        (["name", "@last", "x", "--clear"], "either a name or `--clear`"),
        (["name", "@last", "a b"], "a session's name is"),
        (["name", "@last", "../x\u202e"], "a session's name is"),
        (["name", "@last", "x" * 10_000], "a session's name is"),
        (["name", "@last", "--", "-x"], "a session's name is"),
        (["tag", "@last"], "missing argument"),
        (["tag", "@last", ""], "a tag is empty"),
        (["tag", "@last", "a\nb"], "a tag is 1 to 64"),
        (["untag", "@last", "x"], "has no tag `x`"),
        (["clean", "--older-than", "0d"], "`--older-than`: a duration must be more than zero"),
        (["clean", "--older-than", "-5d"], "`--older-than`"),
        (["clean", "--older-than", "10x"], "`--older-than`: `10x` is not a duration"),
        (["clean", "--older-than", ""], "`--older-than`"),
        (["clean", "--status", "running"], "running sessions are never cleaned"),
        (["clean", "--status", "foo"], "`--status`"),
        (["clean", "--backend", "foo"], "there is no backend `foo`"),
        (["clean", "--keep-last", "-1"], "`--keep-last`"),
        (["clean", "--archive", ""], "`--archive` is empty"),
        (["delete", "@last"], "there is no terminal to ask for confirmation"),
        (["close"], "missing argument"),
    ],
)
def test_a_wrong_word_is_refused_and_changes_nothing(
    clinvk: Command, words: list[str], sentence: str
) -> None:
    """Exit 2, one sentence, and the session is as it was."""
    before = shown(clinvk, begin(clinvk))
    ran = clinvk("sessions", *words)
    assert (ran.exit_code, ran.stdout) == (2, ""), ran.stderr
    assert ran.stderr.startswith("error: ")
    assert sentence in ran.stderr.splitlines()[0]
    assert "Traceback" not in ran.stderr
    assert shown(clinvk, "@last") == before


@pytest.mark.parametrize(
    "command",
    [
        ["rename", "{}", "t"], ["name", "{}", "n"], ["tag", "{}", "t"], ["untag", "{}", "t"],
        ["close", "{}"], ["archive", "{}"], ["unarchive", "{}"], ["delete", "-y", "{}"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("reference", ["../x", "👍\u202e", "x" * 10_000, ""])
def test_a_reference_that_means_nothing_is_not_found(
    clinvk: Command, command: list[str], reference: str
) -> None:
    """Exit 4 wherever a SESSION is asked for, and nothing is created."""
    ran = clinvk("sessions", *(word.format(reference) for word in command))
    assert (ran.exit_code, ran.stdout) == (4, "")
    assert "there is no session" in ran.stderr
    assert not clinvk.home.clinvk_home.exists()


def test_a_session_is_called_what_a_person_says(clinvk: Command) -> None:
    """Title, name and tags show in the list and resolve; the order of the list stays."""
    first, second = begin(clinvk, prompt="one"), begin(clinvk, prompt="two")
    assert clinvk("sessions", "rename", first, "the", "first").stdout == (
        f"session {first} is now titled: the first\n"
    )
    named = clinvk("sessions", "name", first, "pr-1", "--json").json()
    assert (named["id"], named["name"], named["title"]) == (first, "pr-1", "the first")
    clinvk("sessions", "tag", "pr-1", "a", "b")
    assert clinvk("sessions", "untag", "pr-1", "a", "--json").json()["tags"] == ["b"]
    assert listed(clinvk) == [second, first]
    assert "(pr-1) the first" in clinvk("sessions", "list").stdout
    taken = clinvk("sessions", "name", second, "pr-1")
    assert (taken.exit_code, first in taken.stderr) == (2, True)
    assert clinvk("-s", "pr-1", "-o", "json", "more").json()["session_id"] == first
    assert shown(clinvk, first)["title"] == "the first"
    clinvk("sessions", "name", "pr-1", "--clear")
    assert clinvk("sessions", "show", "pr-1").exit_code == 4
    check_home(clinvk.home.clinvk_home)


def test_a_running_session_is_renamed_and_keeps_its_turn(clinvk: Command) -> None:
    """Neither the person's words nor the run's figures are lost, in record and transcript."""
    with Running(clinvk, "-t", "old", prompt="/silent 6\n/say done") as running:
        for words in (["rename", running.id, "mine"], ["name", running.id, "pr-1"],
                      ["tag", running.id, "new"], ["untag", running.id, "old"]):  # fmt: skip
            ran = clinvk("sessions", *words)
            assert ran.exit_code == 0, ran.stderr
        stdout, stderr = running.child.communicate(timeout=30)
    result = json.loads(stdout)
    assert (result["text"], result["title"], result["name"]) == ("done", "mine", "pr-1"), stderr
    for _ in range(2):
        now = shown(clinvk, "pr-1")
        assert (now["title"], now["tags"], now["turns"]) == ("mine", ["new"], 1)
        assert now["usage"]["total_tokens"]
        (clinvk.home.clinvk_home / "sessions" / f"{running.id}.json").unlink(missing_ok=True)


def test_a_killed_run_leaves_what_was_renamed(clinvk: Command) -> None:
    """The next turn goes on under the new title, and ends the agent that was left behind."""
    with Running(clinvk) as running:
        clinvk("sessions", "rename", running.id, "mine")
        os.kill(running.child.pid, 9)
        running.child.wait()
        clinvk("sessions", "tag", running.id, "t")
        assert listed(clinvk, "--status", "interrupted") == [running.id]
        again = clinvk("resume", running.id, "-o", "json", "again").json()
    assert any("killed run" in warning for warning in again["warnings"])
    (clinvk.home.clinvk_home / "sessions" / f"{running.id}.json").unlink()
    assert (shown(clinvk, running.id)["title"], shown(clinvk, running.id)["tags"]) == (
        "mine",
        ["t"],
    )


def test_a_running_session_is_not_closed_archived_deleted_or_cleaned(clinvk: Command) -> None:
    """Exit 75 with the process that holds it; the others that were named are done all the same."""
    other = begin(clinvk)
    with Running(clinvk) as running:
        for command, done in (
            (["close"], f"closed session {other}"), (["archive"], f"archived session {other}"),
            (["delete", "-y"], "deleted 1 session, freed "),
        ):  # fmt: skip
            ran = clinvk("sessions", *command, running.id, other)
            assert ran.exit_code == 75
            assert ran.stdout.startswith(done)
            assert f"session {running.id} is unchanged: session is busy: process" in ran.stderr
        as_json = clinvk("sessions", "close", running.id, "--json")
        assert as_json.exit_code == 75
        assert as_json.stderr.startswith(f"error: session {running.id} is unchanged: ")
        assert as_json.json()[0]["outcome"] == "failed"
        assert as_json.json()[0]["error"]["code"] == "session_busy"
        age(clinvk, running.id, days=400)
        cleaned = clinvk("sessions", "clean", "--older-than", "30d", "--json")
        assert (cleaned.exit_code, cleaned.json()["in_use"]) == (0, [running.id])
        assert listed(clinvk) == [running.id]
        assert running.child.poll() is None


def test_a_closed_session_is_skipped_until_it_is_named(clinvk: Command) -> None:
    """`-c` and `--last` continue another one; a resume by id opens it again."""
    first, second = begin(clinvk), begin(clinvk)
    assert clinvk("sessions", "close", second).stdout == f"closed session {second}: hello\n"
    assert listed(clinvk, "--status", "completed") == [second]
    assert clinvk("-c", "-o", "json", "x").json()["session_id"] == first
    assert clinvk("resume", "--last", "-o", "json", "x").json()["session_id"] == first
    assert clinvk("resume", second, "-o", "json", "x").json()["status"] == "active"
    assert listed(clinvk, "--status", "completed") == []


def test_an_archived_session_is_hidden_until_it_is_resumed(clinvk: Command) -> None:
    """Hidden from the list, `-c` and `--last`; a resume by id restores it, with a message."""
    first, second = begin(clinvk), begin(clinvk)
    archived = clinvk("sessions", "archive", second, second[:6], "--json").json()
    assert archived == [{"id": second, "title": "hello", "outcome": "archived", "error": None}]
    assert clinvk("sessions", "archive", second, "--json").json()[0]["outcome"] == "unchanged"
    assert listed(clinvk) == [first]
    assert clinvk("-c", "-o", "json", "x").json()["session_id"] == first
    back = clinvk("resume", second, "x")
    assert (back.exit_code, "is now restored to the list" in back.stderr) == (
        0,
        True,
    )
    assert listed(clinvk) == [second, first]
    clinvk("sessions", "archive", second)
    clinvk("sessions", "unarchive", second)
    assert listed(clinvk) == [second, first]


def test_deleting_leaves_the_agents_own_transcript_and_says_where(clinvk: Command) -> None:
    """Nothing of ours is left, nothing of the agent's is touched."""
    kept = Path(clinvk.home.home) / "agent"
    clinvk.home.env["CLINVK_DEMO_HOME"] = str(kept)
    session_id = begin(clinvk)
    before = {path: path.read_bytes() for path in kept.iterdir()}
    ran = clinvk("sessions", "delete", "-y", session_id)
    assert ran.exit_code == 0
    assert f"deleted session {session_id} (hello), freed " in ran.stdout
    assert f"own transcript is kept: {next(iter(before))}" in ran.stdout
    assert {path: path.read_bytes() for path in kept.iterdir()} == before
    assert [
        path for path in clinvk.home.clinvk_home.glob("[lst]*/*") if session_id in path.name
    ] == []
    assert clinvk("sessions", "delete", "-y", session_id).exit_code == 4


@pytest.mark.parametrize("home", [None, "~/moved", "moved"], ids=["default", "tilde", "relative"])
def test_the_demo_agents_files_go_with_their_session(clinvk: Command, home: str | None) -> None:
    """They lie in clinvk's home, wherever it is: after `delete` and `clean` none is left."""
    if home is not None:
        clinvk.home.env["CLINVK_HOME"] = home
        at = clinvk.home.home if home.startswith("~") else clinvk.home.project
        clinvk.home.clinvk_home = at / "moved"
    root = clinvk.home.clinvk_home
    elsewhere = clinvk.home.home / "elsewhere"
    elsewhere.mkdir()
    deleted, cleaned = begin(clinvk, "-w", str(elsewhere)), begin(clinvk)
    assert "Earlier you said: “hello”" in clinvk("resume", deleted, "again").stdout
    assert len([*(root / "demo").iterdir()]) == 2
    assert sorted(path.name for path in clinvk.home.home.iterdir()) == sorted(
        {"elsewhere", *([root.name] if root.parent == clinvk.home.home else [])}
    )
    ran = clinvk("sessions", "delete", "-y", deleted)
    assert (ran.exit_code, "transcript" in ran.stdout) == (0, False)
    assert len([*(root / "demo").iterdir()]) == 1
    age(clinvk, cleaned, days=31)
    ran = clinvk("sessions", "clean")
    assert (ran.exit_code, "transcript" in ran.stdout, listed(clinvk)) == (0, False, [])
    assert [*(root / "demo").iterdir()] == []
    assert [*elsewhere.iterdir()] == []


def test_of_several_that_are_named_all_must_be_known(clinvk: Command) -> None:
    """One that is unknown spoils all, before anything is deleted; a damaged one has its id."""
    session_id = begin(clinvk)
    damaged = clinvk.home.clinvk_home / "sessions" / "0123456789ab.json"
    damaged.write_text("{")
    assert clinvk("sessions", "delete", "-y", session_id, "nope").exit_code == 4
    assert listed(clinvk) == [session_id]
    gone = clinvk("sessions", "delete", "-y", "0123456789ab", "--json").json()
    assert (gone[0]["outcome"], gone[0]["title"]) == ("deleted", None)
    assert not damaged.exists()
    assert listed(clinvk) == [session_id]


@pytest.mark.parametrize(
    ("answer", "exit_code"),
    [("y", 0), ("Yes", 0), ("n", 1), ("", 1), ("\x04", 1), ("\x03", 130)],
    ids=["y", "yes", "n", "return", "end", "ctrl-c"],
)
def test_on_a_terminal_deleting_asks(clinvk: Command, answer: str, exit_code: int) -> None:
    """Title, turns and age are shown first; anything but yes deletes nothing."""
    session_id = begin(clinvk, "--title", "the one")
    child = pexpect.spawn(
        str(clinvk.program),
        ["sessions", "delete", session_id],
        env=clinvk.home.env,
        cwd=str(clinvk.home.project),
        encoding="utf-8",
        timeout=20,
    )
    child.expect(rf"{session_id}  the one  \(1 turn, last used .*\)")
    child.expect(r"delete this session permanently\? \[y/N\] ")
    child.send(answer if answer in ("\x03", "\x04") else f"{answer}\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == exit_code
    assert listed(clinvk) == ([] if exit_code == 0 else [session_id])


def test_cleaning_is_one_line_and_asks_nothing(clinvk: Command) -> None:
    """What went, how much it freed, and whose own transcripts stay; then nothing is to do."""
    agent = Path(clinvk.home.home) / "agent"
    clinvk.home.env["CLINVK_DEMO_HOME"] = str(agent)
    old, new = begin(clinvk), begin(clinvk)
    age(clinvk, old, days=31)
    dry = clinvk("sessions", "clean", "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.splitlines()[0].startswith(f"{old}  demo  ")
    assert dry.stdout.splitlines()[1].startswith("would clean 1 session and free ")
    assert listed(clinvk) == [new, old]
    ran = clinvk("sessions", "clean")
    assert (ran.exit_code, ran.stderr, ran.stdout.count("\n")) == (0, "", 1)
    assert ran.stdout.startswith("cleaned 1 session, freed ")
    assert "own transcripts are kept" in ran.stdout
    assert str(agent) in ran.stdout
    assert listed(clinvk) == [new]
    again = clinvk("sessions", "clean")
    assert (again.exit_code, again.stderr) == (0, "")
    assert again.stdout == "nothing to clean: no such session was last used more than 30d ago\n"
    assert len(list(agent.iterdir())) == 2


def test_a_retention_of_nothing_keeps_everything(clinvk: Command) -> None:
    """`session.retention_days: 0` keeps for ever; a duration that is said counts all the same."""
    old = begin(clinvk)
    age(clinvk, old, days=400)
    (clinvk.home.clinvk_home / "config.yaml").write_text("session:\n  retention_days: 0\n")
    ran = clinvk("sessions", "clean")
    assert (ran.exit_code, listed(clinvk)) == (0, [old])
    assert "kept forever" in ran.stdout
    assert clinvk("sessions", "clean", "--json").json()["older_than_s"] is None
    assert clinvk("sessions", "clean", "--older-than", "30d").stdout.startswith("cleaned 1")
    empty = clinvk("sessions", "clean", env={"CLINVK_HOME": str(clinvk.home.project / "none")})
    assert (empty.exit_code, (clinvk.home.project / "none").exists()) == (0, False)


def test_cleaning_into_an_archive_moves_plain_files(clinvk: Command) -> None:
    """Record and transcript stand there under the session's id; put back, it is resumed."""
    old = begin(clinvk, "-s", "keep", prompt="remember the milk")
    age(clinvk, old, days=31)
    cleaned = clinvk("sessions", "clean", "--archive", "archive", "--json").json()
    folder = clinvk.home.project / "archive"
    assert cleaned["sessions"][0]["moved_to"] == [
        str(folder / f"{old}.json"),
        str(folder / f"{old}.jsonl"),
    ]
    assert "remember the milk" in (folder / f"{old}.jsonl").read_text()
    assert listed(clinvk) == []
    for kind, name in (("sessions", f"{old}.json"), ("transcripts", f"{old}.jsonl")):
        (folder / name).rename(clinvk.home.clinvk_home / kind / name)
    assert clinvk("-s", "keep", "-o", "json", "and?").json()["turn"] == 2
    check_home(clinvk.home.clinvk_home)


def test_concurrent_cleaning_during_a_run_is_safe(clinvk: Command, tmp_path: Path) -> None:
    """Each session is cleaned once, the running one is kept and completes, and nothing fails."""
    old = [begin(clinvk, prompt=f"prompt {number}") for number in range(4)]
    for session_id in old:
        age(clinvk, session_id, days=31)
    folder, done = tmp_path / "archive", list[Ran]()
    words = ("sessions", "clean", "--older-than", "30d", "--archive", str(folder), "--json")
    with Running(clinvk, prompt="/silent 6\n/say done") as running:
        age(clinvk, running.id, days=31)
        threads = [threading.Thread(target=lambda: done.append(clinvk(*words))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stdout, _ = running.child.communicate(timeout=30)
    assert [ran.exit_code for ran in done] == [0, 0, 0], done
    assert sorted(one["id"] for ran in done for one in ran.json()["sessions"]) == sorted(old)
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(old)
    assert json.loads(stdout)["text"] == "done"
    assert listed(clinvk) == [running.id]


def test_a_damaged_record_is_only_a_warning_in_a_filtered_list(clinvk: Command) -> None:
    """Whether it matches is unknown: it is reported on stderr, and never cleaned."""
    session_id = begin(clinvk)
    damaged = clinvk.home.clinvk_home / "sessions" / "0123456789ab.json"
    damaged.write_text("{")
    assert len(clinvk("sessions", "list", "--json").json()) == 2
    ran = clinvk("sessions", "list", "--backend", "demo", "--json")
    assert [one["id"] for one in ran.json()] == [session_id]
    assert str(damaged) in ran.stderr
    ids = clinvk("sessions", "list", "-q")
    assert (ids.stdout, str(damaged) in ids.stderr) == (f"{session_id}\n", True)
    clinvk("sessions", "clean", "--older-than", "1s")
    assert damaged.read_text() == "{"


def test_an_error_is_json_if_json_was_requested(clinvk: Command) -> None:
    """The error is the documented object, with the same exit code; stderr has it but for `-q`."""
    for words, exit_code in (
        (["list", "-q"], 2), (["rename", "nope", "t"], 4), (["delete", "nope"], 4),
        (["clean", "--older-than", "x"], 2),
    ):  # fmt: skip
        ran = clinvk("sessions", *words, "--json")
        message = ran.json()["error"]["message"]
        told = "" if "-q" in words else f"error: {message}"
        assert (ran.exit_code, ran.stderr.partition("\n")[0]) == (exit_code, told)


def test_every_command_helps(clinvk: Command) -> None:
    """`--help` works for each, and says what it does."""
    for command in (
        "list", "rename", "name", "tag", "untag",
        "close", "archive", "unarchive", "delete", "clean",
    ):  # fmt: skip
        ran = clinvk("sessions", command, "--help")
        assert (ran.exit_code, "--json" in ran.stdout) == (0, True)
