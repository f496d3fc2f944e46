"""Faults that `clinvk doctor` finds, each made for real in a home that is well."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bed.patient import Patient

Make = Callable[[Patient], None]


def open_file(patient: Patient) -> None:
    """A record that anyone may read."""
    patient.record().chmod(0o644)


def _open_files(patient: Patient) -> None:
    patient.record(0).chmod(0o640)
    patient.record(1).chmod(0o604)


def _open_folder(patient: Patient) -> None:
    (patient.home / "transcripts").chmod(0o755)


def _open_configuration(patient: Patient) -> None:
    (patient.home / "config.yaml").write_text("run:\n  max_turns: 3\n")
    (patient.home / "config.yaml").chmod(0o666)


def _home_for_all(patient: Patient) -> None:
    patient.home.chmod(0o777)


def _linked_folder(patient: Patient) -> None:
    elsewhere = patient.home.parent / "elsewhere"
    (patient.home / "locks").rename(elsewhere)
    (patient.home / "locks").symlink_to(elsewhere)


def _file_for_a_folder(patient: Patient) -> None:
    shutil.rmtree(patient.home / "locks")
    (patient.home / "locks").write_text("")


def _relative_home(patient: Patient) -> None:
    patient.clinvk.home.env["CLINVK_HOME"] = os.path.relpath(
        patient.home, patient.clinvk.home.project
    )


def _home_behind_a_file(patient: Patient) -> None:
    (patient.home.parent / "file").write_text("")
    patient.clinvk.home.env["CLINVK_HOME"] = str(patient.home.parent / "file" / "home")


def _home_link_to_nowhere(patient: Patient) -> None:
    patient.home.rename(patient.home.parent / "moved")
    patient.home.symlink_to("nowhere/at/all")


def cut_record(patient: Patient) -> None:
    """A record whose end was lost."""
    patient.record().write_text('{"schema": 1, "id"')
    patient.reindex()


def _cut_record_without_transcript(patient: Patient) -> None:
    patient.transcript().unlink()
    cut_record(patient)


def _renamed_record(patient: Patient) -> None:
    patient.record().rename(patient.home / "sessions" / "my work.json")
    patient.transcript().rename(patient.home / "t")
    patient.reindex()
    (patient.home / "t").rename(patient.transcript())


def _copied_record(patient: Patient) -> None:
    shutil.copy(patient.record(), patient.home / "sessions" / "copy of it.json")
    patient.reindex()


def _lost_record(patient: Patient) -> None:
    patient.record().unlink()
    patient.reindex()


def _lost_transcript(patient: Patient) -> None:
    patient.transcript().unlink()


def _older_record(patient: Patient) -> None:
    """A record from a backup, of before the last turn."""
    before = patient.record().read_text()
    assert patient.clinvk("resume", patient.sessions[0], "more").exit_code == 0
    patient.record().write_text(before)
    patient.record().chmod(0o600)
    patient.reindex()


def _older_transcript(patient: Patient) -> None:
    before = patient.transcript().read_bytes()
    assert patient.clinvk("resume", patient.sessions[0], "more").exit_code == 0
    patient.transcript().write_bytes(before)
    patient.reindex()


def _emptied_transcript(patient: Patient) -> None:
    patient.transcript().write_bytes(b"")
    patient.reindex()


def damaged_line(patient: Patient) -> None:
    """A line of a transcript that makes no sense."""
    with patient.transcript().open("ab") as file:
        file.write(b'{"type": "mess\n')
    patient.reindex()


def _senseless_transcript(patient: Patient) -> None:
    patient.record().unlink()
    patient.transcript().write_text("no JSON\n")
    patient.reindex()


def _date_to_come(patient: Patient) -> None:
    patient.edit(patient.record(), last_used_at="2100-01-01T00:00:00Z")
    patient.reindex()


def _leftover(patient: Patient) -> None:
    left = patient.home / "sessions" / f".{patient.record().name}.0123456789ab.tmp"
    left.write_text("{")
    left.chmod(0o600)
    os.utime(left, (time.time() - 2 * 3600,) * 2)
    patient.reindex()


def _scratch_left(patient: Patient) -> None:
    """As of a run that was killed with its agent an hour ago."""
    _left_by_a_kill(patient, "clinvk-run-abcd_123", "system_prompt", "be brief")


def _draft_left(patient: Patient) -> None:
    """As of a `clinvk -e` that was killed with its editor an hour ago."""
    _left_by_a_kill(patient, "clinvk-abcd_123", "PROMPT.md", "a person's words")


def _trial_left(patient: Patient) -> None:
    """As of a trial that was killed with its agent an hour ago."""
    _left_by_a_kill(patient, "clinvk-trial-abcd_123", "record.json", "{}")


def _left_by_a_kill(patient: Patient, folder: str, file: str, text: str) -> None:
    left = Path(patient.clinvk.home.env["TMPDIR"]) / folder
    left.mkdir(mode=0o700)
    (left / file).write_text(text)
    os.utime(left, (time.time() - 3600,) * 2)


def _unknown_variable(patient: Patient) -> None:
    patient.clinvk.home.env["CLINVK_RUN_TIMOUT"] = "5m"


def _bad_variable(patient: Patient) -> None:
    patient.clinvk.home.env["CLINVK_RUN_TIMEOUT"] = "soon"


def _unknown_key(patient: Patient) -> None:
    configure(patient, "run:\n  timout: 5m\n")


def _bad_value(patient: Patient) -> None:
    configure(patient, "run:\n  max_turns: many\n")


def configure(patient: Patient, text: str) -> None:
    """Write the configuration."""
    path = patient.home / "config.yaml"
    path.write_text(text)
    path.chmod(0o600)


def _missing_default(patient: Patient) -> None:
    configure(patient, "default_backend: demo\n")
    patient.clinvk.home.env["CLINVK_BACKEND"] = "claude"


def _missing_binary(patient: Patient) -> None:
    configure(patient, "backends:\n  codex:\n    binary: /no/such/program\n")


def _closed_binary(patient: Patient) -> None:
    program = patient.clinvk.home.home / "codex"
    program.write_text("#!/bin/sh\necho codex-cli 0.169.0\n")
    program.chmod(0o600)
    configure(patient, "backends:\n  codex:\n    binary: ~/codex\n")


def _disabled_default(patient: Patient) -> None:
    configure(patient, "backends:\n  demo:\n    enabled: false\n")


def _no_utf8(patient: Patient) -> None:
    patient.clinvk.home.env |= {"PYTHONIOENCODING": "ascii"}


def _no_tmp(patient: Patient) -> None:
    patient.clinvk.home.env["TMPDIR"] = "/no/such/folder"


def _no_such_editor(patient: Patient) -> None:
    patient.clinvk.home.env["EDITOR"] = "no-such-editor --wait"


def _no_editor(patient: Patient) -> None:
    del patient.clinvk.home.env["EDITOR"]


def _stale_lock(patient: Patient) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    _sign(patient, pid=gone.pid)


def _lock_of_a_reused_pid(patient: Patient) -> None:
    _sign(patient, pid=os.getpid())


def _lock_of_another_host(patient: Patient) -> None:
    _sign(patient, host="another-machine")


def _sign(patient: Patient, **said: Any) -> None:
    plain = {"pid": 4_000_000, "host": os.uname().nodename, "started_at": "2025-01-01T00:00:00Z"}
    patient.lock().write_text(json.dumps({**plain, **said}) + "\n")


def _senseless_lock(patient: Patient) -> None:
    patient.lock().write_text("???")


def _lock_without_session(patient: Patient) -> None:
    lock = patient.home / "locks" / "0123456789ab.lock"
    lock.write_text("")
    lock.chmod(0o600)


def _overwritten_title(patient: Patient) -> None:
    """In place, so that no folder changes: the one kind of change that the index may miss."""
    text = patient.record().read_text()
    with patient.record().open("r+") as file:
        file.write(text.replace('"title": "first"', '"title": "frist"'))


def _new_session_by_hand(patient: Patient) -> None:
    shutil.copy(patient.record(), patient.home / "sessions" / "0123456789ab.json")
    shutil.copy(patient.transcript(), patient.home / "transcripts" / "0123456789ab.jsonl")
    patient.edit(patient.home / "sessions" / "0123456789ab.json", id="0123456789ab")


def _no_index_in_the_file(patient: Patient) -> None:
    (patient.home / "cache" / "index.sqlite3").write_text("this is no database" * 100)


def _forgotten_conversation(patient: Patient) -> None:
    (kept,) = json.loads(patient.record().read_text())["conversations"]
    said = kept["backend_session_id"]
    (patient.home / "demo" / f"{said}.json").unlink()


@dataclass(frozen=True, slots=True)
class Fault:
    """What makes it, and what is then found."""

    make: Make
    code: str
    severity: str

    @property
    def name(self) -> str:
        """In words."""
        return self.make.__name__.strip("_").replace("_", " ")


FAULTS = tuple(
    Fault(*one)
    for one in (
        (open_file, "open_to_others", "problem"),
        (_open_files, "open_to_others", "problem"),
        (_open_folder, "open_to_others", "problem"),
        (_open_configuration, "open_to_others", "problem"),
        (_home_for_all, "home_open", "problem"),
        (_linked_folder, "folder_is_link", "problem"),
        (_file_for_a_folder, "not_a_folder", "problem"),
        (_relative_home, "home_relative", "warning"),
        (_home_behind_a_file, "home_not_a_folder", "problem"),
        (_home_link_to_nowhere, "home_link_broken", "problem"),
        (cut_record, "record_damaged", "problem"),
        (_cut_record_without_transcript, "record_damaged", "problem"),
        (_copied_record, "record_misnamed", "problem"),
        (_lost_record, "record_missing", "warning"),
        (_lost_transcript, "transcript_missing", "warning"),
        (_older_record, "record_behind", "warning"),
        (_older_transcript, "transcript_behind", "warning"),
        (_emptied_transcript, "transcript_behind", "warning"),
        (_senseless_transcript, "transcript_unusable", "problem"),
        (_date_to_come, "date_in_future", "warning"),
        (_leftover, "leftover", "warning"),
        (_scratch_left, "scratch_left", "note"),
        (_draft_left, "draft_left", "note"),
        (_trial_left, "trial_left", "note"),
        (_unknown_variable, "variable_unknown", "warning"),
        (_bad_variable, "config_invalid", "problem"),
        (_unknown_key, "config_invalid", "problem"),
        (_bad_value, "config_invalid", "problem"),
        (_missing_default, "default_backend_missing", "problem"),
        (_missing_binary, "binary_missing", "problem"),
        (_closed_binary, "binary_not_executable", "problem"),
        (_disabled_default, "backend_disabled", "problem"),
        (_no_utf8, "not_utf8", "warning"),
        (_no_tmp, "tmpdir_unusable", "warning"),
        (_no_such_editor, "editor_missing", "warning"),
        (_no_editor, "no_editor", "note"),
        (_stale_lock, "lock_stale", "note"),
        (_lock_of_a_reused_pid, "lock_stale", "note"),
        (_lock_of_another_host, "lock_of_other_host", "warning"),
        (_senseless_lock, "lock_unreadable", "note"),
        (_lock_without_session, "lock_without_session", "note"),
        (_overwritten_title, "index_differs", "warning"),
        (_new_session_by_hand, "index_behind", "note"),
        (_no_index_in_the_file, "index_behind", "note"),
        (_forgotten_conversation, "conversation_gone", "note"),
    )
)
