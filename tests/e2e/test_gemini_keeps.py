"""Gemini CLI 0.61.0 deletes conversations that are in use: it is said, with what stops it."""

import json
import re

import pytest

from bed.command import Command
from bed.mock_model import MockModel

SETTING = "general.sessionRetention.enabled"


def test_the_first_resume_says_what_keeps_the_conversation(clinvk: Command) -> None:
    """Once a session, and not where the setting is made."""
    said = [clinvk("-b", "gemini", "-o", "json", "one").json()]
    said += [clinvk("-c", "-o", "json", prompt).json() for prompt in ("two", "three")]
    assert [any(SETTING in one for one in run["warnings"]) for run in said] == [False, True, False]
    findings = clinvk("doctor", "--json").json()["findings"]
    [found] = [one for one in findings if one["code"] == "conversation_at_risk"]
    assert SETTING in found["remedy"]


def test_nothing_is_said_once_the_setting_is_made(clinvk: Command) -> None:
    """Neither at the resume nor by doctor."""
    file = clinvk.home.home / ".gemini" / "settings.json"
    settings = json.loads(file.read_text())
    settings["general"]["sessionRetention"] = {"enabled": False}
    file.write_text(json.dumps(settings))
    clinvk("-b", "gemini", "one")
    resumed = clinvk("-c", "-o", "json", "two").json()
    assert resumed["resumed"]
    assert not [one for one in resumed["warnings"] if SETTING in one]
    findings = clinvk("doctor", "--json").json()["findings"]
    assert "conversation_at_risk" not in {one["code"] for one in findings}


def _one_minute_older(clinvk: Command) -> None:
    """The minute in which a conversation was begun is in its file's name alone."""
    files = list((clinvk.home.home / ".gemini" / "tmp").glob("*/chats/session-*.jsonl"))
    for file in files:
        name = re.sub(r"session-\d{4}-\d\d-\d\dT\d\d-\d\d", "session-2026-01-02T03-04", file.name)
        assert name != file.name
        file.rename(file.with_name(name))
    assert files


@pytest.mark.parametrize("kept", [False, True], ids=["default", "set"])
def test_a_conversation_that_it_deletes_is_continued_from_our_record(
    clinvk: Command, server: MockModel, *, kept: bool
) -> None:
    """A, A again in a later minute, a new B, and A is gone; the setting that is named keeps it."""
    if kept:
        file = clinvk.home.home / ".gemini" / "settings.json"
        settings = json.loads(file.read_text())
        settings["general"]["sessionRetention"] = {"enabled": False}
        file.write_text(json.dumps(settings))
    first = clinvk("-b", "gemini", "-o", "json", "the elephants come first").json()
    _one_minute_older(clinvk)
    resumed = clinvk("resume", first["session_id"], "-o", "json", "then zebras").json()
    assert (resumed["exit_status"], resumed["resumed"]) == (0, True), resumed
    assert any(SETTING in one for one in resumed["warnings"]) is not kept
    assert clinvk("-b", "gemini", "another one").exit_code == 0
    again = clinvk("resume", first["session_id"], "-o", "json", "third")
    if kept:
        assert (again.exit_code, again.json()["resumed"]) == (0, True)
        assert "I remember 2 earlier prompts" in again.json()["text"]
        return
    assert (again.exit_code, again.json()["error"]["code"]) == (4, "conversation_gone")
    codes = {one["code"] for one in clinvk("doctor", "--json").json()["findings"]}
    assert "conversation_gone" in codes
    told = clinvk(
        "resume", first["session_id"], "--if-missing", "replay", "-o", "json", "third"
    ).json()
    assert (told["exit_status"], told["turn"], told["resumed"]) == (0, 3, False), told
    sent = json.dumps(server.requests[-1].body)
    for said in ("the elephants come first", "You said: the elephants", "then zebras", "third"):
        assert said in sent
