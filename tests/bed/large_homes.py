"""Homes with any number of sessions, of any size, written as clinvk writes them."""

import json
import os
from pathlib import Path
from typing import Any, TextIO

AT = "2025-01-27T10:00:00Z"
_STEP = 7919
"""Between the ids, so that they have different beginnings."""


def make_home(home: Path, sessions: int, turns: int, answer: int) -> list[str]:
    """Write so many sessions as clinvk writes them, but for the syncing; returns their ids."""
    for folder in (home / "sessions", home / "transcripts"):
        folder.mkdir(parents=True, mode=0o700)
    ids = [f"{(number * _STEP * _STEP) % (1 << 48):012x}" for number in range(sessions)]
    text = ("It is fixed: the test of größer passes. 😀\n" * (answer // 40 + 1))[:answer]
    for number, session_id in enumerate(ids):
        told = {
            "schema": 2,
            "id": session_id,
            "name": f"name-{number}" if number % 2 else None,
            "title": f"Fix the bug number {number}",
            "title_source": "prompt",
            "backend": "demo",
            "model_requested": None,
            "access": None,
            "system_prompt": None,
            "cwd": f"/projects/app{number % 20}",
            "status": "active",
            "archived": False,
            "parent": None,
            "tags": [],
            "created_at": AT,
        }
        usage = dict.fromkeys(("input", "output", "total"), 10)
        usage |= dict.fromkeys(("cached", "cache_write", "reasoning"))
        totals = {f"{name}_tokens": count for name, count in usage.items()}
        record = {
            **told,
            "conversations": [],
            "last_used_at": AT,
            "turns": turns,
            "turns_reported": turns,
            "usage": totals,
            "cost_usd": None,
            "figures_reported": None,
            "open_turn": None,
        }
        with _private(home / "sessions" / f"{session_id}.json") as file:
            file.write(json.dumps(record, indent=2) + "\n")
        lines = [{"type": "session", **told}]
        for turn in range(1, turns + 1):
            begun: dict[str, Any] = {
                "mode": "resume",
                "prompt": "fix it",
                "model": None,
                "access": None,
            }
            begun |= {"cwd": told["cwd"], "conversation": None, "resume": turn > 1}
            ended = {"stop_reason": "end_turn", "text": text, "usage": totals, "cost_usd": None}
            lines += [
                {"type": "turn_started", "turn": turn, "at": AT, "backend": "demo", **begun},
                {"type": "message", "turn": turn, "text": text},
                {"type": "turn_finished", "turn": turn, "at": AT, **ended},
            ]
        with _private(home / "transcripts" / f"{session_id}.jsonl") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return ids


def _private(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8")
