"""Exports with what is private taken out."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from clinvk.agents.kit.jsonl import one_line
from clinvk.model.portable import PortableSession
from clinvk.services.sessions.redacted import redacted_session
from clinvk.text.redact import MARK, Redaction
from clinvk.text.title import title_from_prompt


def _redacted(record: dict[str, Any], *lines: dict[str, Any]) -> PortableSession:
    one = PortableSession(record=record, transcript=lines)
    redacted = redacted_session(one, Redaction("/home/me"))
    return replace(redacted, transcript=tuple(redacted.transcript))


def objects(session: PortableSession) -> list[Mapping[str, Any]]:
    """Its lines that are objects."""
    return [line for line in session.transcript if isinstance(line, Mapping)]


SECRET = "ghp_" + "a1B2" * 9


def test_a_secret_that_was_cut_into_parts_is_found() -> None:
    """Pieces, and parts of a message with a thought between them."""
    lines = (
        {"type": "message", "turn": 1, "delta": True, "text": SECRET[:3]},
        {"type": "raw", "turn": 1, "line": "odd"},
        {"type": "message", "turn": 1, "delta": True, "text": SECRET[3:6]},
        {"type": "warning", "turn": 1, "message": "careful", "code": "agent"},
        {"type": "message", "turn": 1, "delta": True, "text": SECRET[6:12]},
        {"type": "thinking", "turn": 1, "text": "hm"},
        {"type": "message", "turn": 1, "delta": True, "continues": True, "text": SECRET[12:30]},
        {"type": "message", "turn": 1, "delta": True, "text": f"{SECRET[30:]}."},
        {"type": "message", "turn": 1, "delta": True, "continues": False, "text": "next"},
    )
    redacted = _redacted({}, *lines)
    said = objects(redacted)
    assert [line["text"] for line in said if "text" in line] == [
        "[redacted].",
        "hm",
        "next",
    ]


def test_a_title_that_was_cut_in_a_secret_is_made_again() -> None:
    """From what is left of the prompt, in the record and in the transcript."""
    prompt = f"deploy the service to the staging machine with {SECRET} please"
    title = title_from_prompt(prompt)
    assert title.endswith("…")
    start = {"type": "turn_started", "turn": 1, "prompt": prompt}
    told = _redacted({"title": title}, {"type": "session", "title": title}, start)
    wanted = title_from_prompt(prompt.replace(SECRET, MARK))
    assert told.record["title"] == wanted
    assert [one["title"] for one in objects(told) if "title" in one] == [wanted]
    named = _redacted({"title": "my own"}, {"type": "session", "title": "my own"}, start)
    assert named.record["title"] == "my own"


def test_a_call_that_was_cut_in_a_secret_is_cut_again() -> None:
    """Its line, and the warning that it was denied: the whole command is in its input."""
    command = f"echo {'x' * 150} && login --with /home/me/it --pass-phrase-of-mine='blue  {SECRET}'"
    shown = one_line(command)
    assert shown.endswith("…")
    denied = one_line(f"not allowed: Bash {shown}")
    call = {"type": "tool_use", "turn": 1, "id": "1", "name": "Bash", "summary": shown}
    told = _redacted(
        {},
        {**call, "input": {"command": command}},
        {"type": "warning", "turn": 1, "message": denied, "code": "denied"},
        {"type": "permission_request", "turn": 1, "summary": shown, "command": command},
    )
    use, warning, asked = objects(told)
    for said in (use["summary"], warning["message"], asked["summary"]):
        assert "/home/me" not in said
        assert "blue" not in said
        assert f"{MARK}…" in said or said.endswith("…")
    assert warning["message"].startswith("not allowed: Bash echo xxx")


def test_a_damaged_line_is_redacted_as_text() -> None:
    """It is exported unchanged otherwise."""
    one = PortableSession(record={}, transcript=(f'{{"text": "{SECRET}',))
    told = redacted_session(one, Redaction("/home/me"))
    assert list(told.transcript) == [f'{{"text": "{MARK}']
