"""Gemini CLI 0.61.0 deletes conversations that are in use: it is said, with what stops it."""

import json

from bed.command import Command

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
