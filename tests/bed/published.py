"""What clinvk wrote, held against the schemas that it ships."""

import json
import stat
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator


@cache
def _validator(name: str) -> Draft202012Validator:
    text = (files("clinvk") / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def check_result(result: Any) -> None:
    """The object of `-o json` is as published."""
    _validator("result").validate(result)


def check_stream(events: list[Any]) -> None:
    """Each line of `-o stream-json` is as published, and exactly the last is the result."""
    for event in events:
        _validator("stream-event").validate(event)
    assert [event["type"] for event in events].count("result") == 1
    assert events[-1]["type"] == "result"


def check_export(export: Any) -> None:
    """The document of `sessions export --format json` is as published."""
    _validator("export").validate(export)


def check_trial(trial: Any) -> None:
    """The object of `backends test --json` is as published."""
    _validator("backend-test").validate(trial)


def check_doctor(examination: Any) -> None:
    """The object of `doctor --json` is as published."""
    _validator("doctor").validate(examination)


def check_home(home: Path, *, earlier: bool = False) -> None:
    """Every record and transcript is as published and private, and no other file is left over.

    In an `earlier` home a record may still be of schema 1, which is published no more.
    """
    for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for file in (path for path in home.rglob("*") if path.is_file()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert file.suffix in {".json", ".jsonl", ".lock", ".yaml", ".sqlite3"}, file
    for record in home.glob("sessions/*"):
        said = json.loads(record.read_text(encoding="utf-8"))
        if not (earlier and said["schema"] == 1):
            _validator("session").validate(said)
    for transcript in home.glob("transcripts/*"):
        for line in transcript.read_bytes().splitlines():
            _validator("transcript-line").validate(json.loads(line))
