"""Exports with what is private taken out."""

from pathlib import Path

from clinvk.model.portable import PortableSession
from clinvk.model.session import Status
from clinvk.services.sessions.export import Export, redacted_export

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
    one = PortableSession(record={}, transcript=lines)
    export = Export(sessions=(one,), statuses=(Status.ACTIVE,), running=())
    [redacted] = redacted_export(export, Path("/home/me")).sessions
    said = [line for line in redacted.transcript if not isinstance(line, str)]
    assert [line["text"] for line in said if "text" in line] == [
        "[redacted].",
        "hm",
        "next",
    ]
