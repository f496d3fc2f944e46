"""`clinvk doctor`: each fault is made for real, is found, and is gone after the printed remedy."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import kill_group
from bed.faults import FAULTS, Fault, configure, cut_record, damaged_line, open_file
from bed.kept import with_conversation
from bed.patient import Patient
from clinvk.model.finding import Area
from clinvk.model.session import SCHEMA

WELL, NOT_WELL = 0, 1
DAY_S = 86_400
FIXED = {
    "open_to_others",
    "record_missing",
    "record_behind",
    "leftover",
    "scratch_left",
    "lock_stale",
    "lock_unreadable",
    "lock_without_session",
    "index_differs",
    "index_behind",
}
"""What `--fix` puts right."""


def _is_fixed(fault: Fault) -> bool:
    """A damaged record only if its transcript is whole."""
    return fault.code in FIXED or fault.make is cut_record


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    """A home that is well."""
    clinvk = bare_command(tmp_path)
    temporary = tmp_path / "temporary"  # what others leave in theirs is not for this home
    temporary.mkdir()
    clinvk.home.env |= {"CLINVK_BACKEND": "demo", "EDITOR": "true", "TMPDIR": str(temporary)}
    ids = []
    for prompt in ("first", "second"):
        ran = clinvk("-o", "json", prompt)
        assert ran.exit_code == 0, ran.stderr
        ids.append(ran.json()["session_id"])
    made = Patient(clinvk=clinvk, home=clinvk.home.clinvk_home, sessions=(ids[0], ids[1]))
    made.reindex()
    yield made
    subprocess.run(["chmod", "-R", "u+rwX", tmp_path], check=False)


def snapshot(home: Path) -> dict[str, tuple[int, int, int]]:
    """Everything in the home with what changes when it is written to."""
    found = {}
    for path in [home, *home.rglob("*")]:
        stat = path.lstat()
        found[str(path)] = (stat.st_mode, stat.st_mtime_ns, stat.st_ctime_ns)
    return found


def test_all_is_well_in_a_home_that_is_well(patient: Patient) -> None:
    """Exit 0, every area is told, and not a byte of the home was written."""
    before = snapshot(patient.home)
    exit_code, said = patient.examine()
    assert (exit_code, said["ok"], said["findings"]) == (WELL, True, [])
    assert [(one["area"], one["ok"]) for one in said["checks"]] == [(area, True) for area in Area]
    assert snapshot(patient.home) == before
    ran = patient.clinvk("doctor")
    assert (ran.exit_code, ran.stdout.splitlines()[-1], ran.stderr) == (WELL, "all is well", "")


def test_a_home_that_is_not_there_is_well_and_stays_so(tmp_path: Path) -> None:
    """To look creates nothing."""
    clinvk = bare_command(tmp_path)
    ran = clinvk("doctor", "--json", env={"CLINVK_BACKEND": "demo", "EDITOR": "true"})
    assert (ran.exit_code, ran.json()["findings"]) == (WELL, [])
    assert not clinvk.home.clinvk_home.exists()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
def test_a_fault_is_found_and_its_remedy_solves_it(patient: Patient, fault: Fault) -> None:
    """The printed line only has to be run; the exit code is 0 only if all findings are notes."""
    fault.make(patient)
    exit_code, found = patient.finding(fault.code)
    assert found["severity"] == fault.severity
    assert exit_code == (WELL if fault.severity == "note" else NOT_WELL)
    assert found["message"] == found["message"].strip(" .")
    assert found["where"]
    shown = patient.clinvk("doctor")
    assert shown.exit_code == exit_code
    assert found["message"] in shown.stdout
    assert found["command"] in shown.stdout
    exit_code, said = patient.after(found["command"])
    left = [one for one in said["findings"] if one["code"] == fault.code]
    assert (left, exit_code) == ([], WELL), said["findings"]


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if _is_fixed(one)], ids=lambda one: one.name
)
def test_safe_repairs_are_made_and_reported(patient: Patient, fault: Fault) -> None:
    """`--fix` prints each repair, makes it once, and finds nothing afterwards."""
    fault.make(patient)
    assert patient.finding(fault.code)[1]["fixable"]
    exit_code, said = patient.examine("--fix")
    assert (exit_code, said["findings"], said["unfixed"]) == (WELL, [], [])
    assert len(said["fixed"]) == 1
    exit_code, said = patient.examine("--fix")
    assert (exit_code, said["fixed"]) == (WELL, [])


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if not _is_fixed(one)], ids=lambda one: one.name
)
def test_unsafe_repairs_are_not_made(patient: Patient, fault: Fault) -> None:
    """No damaged file is deleted, and no setting or file of an agent is changed."""
    fault.make(patient)
    _, before = patient.examine()
    seen = snapshot(patient.home.parent)
    _, after = patient.examine("--fix")
    assert (after["findings"], after["fixed"]) == (before["findings"], [])
    assert snapshot(patient.home.parent) == seen


def test_a_misnamed_record_is_given_the_name_that_it_says(patient: Patient) -> None:
    """The session is whole again, under its own id."""
    patient.record().rename(patient.home / "sessions" / "my work.json")
    _, said = patient.examine()
    found = next(one for one in said["findings"] if one["code"] == "record_misnamed")
    exit_code, said = patient.after(found["command"])
    assert [one for one in said["findings"] if one["severity"] != "note"] == []
    assert exit_code == WELL
    assert patient.clinvk("sessions", "show", patient.sessions[0]).exit_code == 0


def test_a_damaged_record_is_set_aside_and_the_session_rebuilt(patient: Patient) -> None:
    """The remedy of a record with a whole transcript loses neither turn nor file."""
    cut_record(patient)
    _, found = patient.finding("record_damaged")
    patient.after(found["command"])
    assert patient.record().with_suffix(".json.damaged").read_text() == '{"schema": 1, "id"'
    shown = patient.clinvk("sessions", "show", "--json", patient.sessions[0]).json()
    assert shown["title"] == "first"


def test_a_line_that_makes_no_sense_is_a_note(patient: Patient) -> None:
    """Nothing has to be done: it is passed by, and the person knows that something was lost."""
    damaged_line(patient)
    exit_code, found = patient.finding("transcript_lines_damaged")
    assert (exit_code, found["severity"], found["command"]) == (WELL, "note", None)
    assert found["message"].startswith("1 line of the transcript of session")


def test_a_held_lock_is_as_it_should_be(patient: Patient) -> None:
    """A run in progress is no fault, whatever else looks half done meanwhile."""
    child = patient.clinvk.popen("/silent 60")
    try:
        _wait(lambda: any(_held(lock) for lock in (patient.home / "locks").iterdir()))
        exit_code, said = patient.examine()
        assert (exit_code, [one for one in said["findings"] if one["severity"] != "note"]) == (
            WELL,
            [],
        )
        assert "1 held" in [one["summary"] for one in said["checks"]]
    finally:
        kill_group(child)


def test_an_agent_left_by_a_killed_run_is_found_and_can_be_ended(
    patient: Patient, tmp_path: Path
) -> None:
    """It works on unseen: its process is named, and `--fix` leaves it and its lock alone."""
    program = tmp_path / "agent"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo 1; exit; }\nexec sleep 600\n')
    program.chmod(0o700)
    configure(patient, f"backends:\n  demo:\n    binary: {program}\n")
    child = patient.clinvk.popen("wait for ever")
    try:
        _wait(lambda: any('"child_pid": ' in _text(one) and '"child_pid": null' not in _text(one)
                          for one in (patient.home / "locks").iterdir()))  # fmt: skip
        _wait(lambda: len(list((patient.home / "sessions").glob("*.json"))) > len(patient.sessions))
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    patient.reindex()
    exit_code, found = patient.finding("agent_left_running")
    assert (exit_code, found["severity"]) == (NOT_WELL, "problem")
    _, fixed = patient.examine("--fix")
    assert (fixed["fixed"], len(fixed["findings"])) == ([], 1)
    _, said = patient.after(f"{found['command']}; sleep 0.3")
    assert "agent_left_running" not in {one["code"] for one in said["findings"]}
    assert {one["code"] for one in said["findings"]} == {"lock_stale"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_files_of_another_user_are_found(patient: Patient) -> None:
    """As after `sudo clinvk`: such a file cannot be written, or not even be read."""
    os.chown(patient.record(), 12345, 12345)
    exit_code, found = patient.finding("not_ours")
    assert (exit_code, found["severity"]) == (NOT_WELL, "problem")
    assert "12345" in found["message"]
    exit_code, said = patient.after(found["command"])
    assert (exit_code, said["findings"]) == (WELL, [])


def test_a_broken_program_is_found(patient: Patient, tmp_path: Path) -> None:
    """It is there and does not run; the others are asked all the same."""
    program = tmp_path / "bin" / "codex"
    program.parent.mkdir()
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o700)
    env = {"PATH": f"{program.parent}:/usr/bin:/bin"}
    exit_code, found = patient.finding("backend_broken", env)
    assert (exit_code, found["where"]) == (NOT_WELL, str(program))
    program.write_text("#!/bin/sh\necho codex-cli 99.0.0\n")
    exit_code, found = patient.finding("backend_version_untested", env)
    assert (exit_code, found["severity"]) == (WELL, "note")
    assert "newer than any version" in found["message"]
    assert patient.finding("sign_in_unknown", env)[1]["severity"] == "note"


def test_a_program_that_says_no_version_is_found(patient: Patient, tmp_path: Path) -> None:
    """It may well run; which one it is cannot be told."""
    program = tmp_path / "bin" / "codex"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o700)
    exit_code, found = patient.finding(
        "backend_version_unknown", {"PATH": f"{program.parent}:/usr/bin:/bin"}
    )
    assert (exit_code, found["severity"]) == (NOT_WELL, "warning")


GOING = "0a0a0a0a-0000-4000-8000-00000000000a"
STAYING = "0b0b0b0b-0000-4000-8000-00000000000b"


def test_a_conversation_that_its_agent_will_soon_delete_is_reported(patient: Patient) -> None:
    """Claude deletes a transcript after 30 days, unless its settings have another value."""
    for number, conversation in enumerate((GOING, STAYING)):
        patient.edit(patient.record(number), backend="claude")
        said = json.loads(patient.record(number).read_text())
        named = with_conversation(said, backend_session_id=conversation)
        patient.edit(patient.record(number), **named)
    patient.reindex()
    agents = patient.clinvk.home.home / ".claude"
    folder = agents / "projects" / "-code"
    folder.mkdir(parents=True)
    for name, days in ((GOING, 28), (STAYING, 26)):
        (folder / f"{name}.jsonl").write_text('{"type": "user", "message": {"content": "hi"}}\n')
        os.utime(folder / f"{name}.jsonl", (time.time() - days * DAY_S,) * 2)
    exit_code, found = patient.finding("conversation_going")
    assert (exit_code, found["severity"]) == (WELL, "note")
    assert found["sessions"] == [patient.sessions[0]]
    assert "30 days" in found["message"]
    assert "cleanupPeriodDays" in found["remedy"]
    (agents / "settings.json").write_text('{"cleanupPeriodDays": 365}')
    assert patient.examine()[1]["findings"] == []
    (agents / "settings.json").write_text('{"cleanupPeriodDays": 7}')
    assert len(patient.finding("conversation_going")[1]["sessions"]) == 2


def test_a_record_of_a_newer_clinvk_is_reported(patient: Patient) -> None:
    """This version can read it, and must not write it."""
    patient.edit(patient.record(), schema=SCHEMA + 1)
    patient.reindex()
    assert patient.finding("record_newer")[0] == NOT_WELL


def test_a_machine_without_git_is_reported(patient: Patient, tmp_path: Path) -> None:
    """This is a note, because agents run without git."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "true").symlink_to("/bin/true")
    exit_code, found = patient.finding("no_git", {"PATH": str(tmp_path / "bin")})
    assert (exit_code, found["severity"]) == (WELL, "note")


def test_without_an_agent_the_remedy_shows_how_to_get_one(tmp_path: Path) -> None:
    """On a new machine only the demo runs."""
    ran = bare_command(tmp_path)("doctor", "--json")
    codes = {one["code"] for one in ran.json()["findings"]}
    assert (ran.exit_code, codes) == (NOT_WELL, {"no_agent", "no_editor"})


def test_colour_and_marks_are_for_a_terminal(patient: Patient) -> None:
    """Piped it is plain text; with colour asked for, the marks are coloured."""
    open_file(patient)
    plain = patient.clinvk("doctor").stdout
    assert "\x1b" not in plain
    assert "✗ home" in plain
    assert "✓ sessions" in plain
    assert "\x1b[31m✗" in patient.clinvk("doctor", env={"FORCE_COLOR": "1"}).stdout


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _held(lock: Path) -> bool:
    if not _text(lock):
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
