"""opencode, set up by its configuration file."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bed.setups._base import Place, Setup

_DATA = ".local/share/opencode"
_PRICE = {"input": 1, "output": 10, "cache_read": 0.1, "cache_write": 1}
_THINKS, _VARIANTS = "mock-thinker", {"max": {"reasoningEffort": "max"}}
_SEES = {"input": ["text", "image"], "output": ["text"]}
_TABLES = ("part", "message", "session")


class Agent(Setup):
    """A provider in OpenAI's manner; `chatty` lets it make a title for each new session."""

    program = "opencode-ai/bin/opencode.exe"
    ready = "ctrl+p commands"
    able = ("-m", f"mock/{_THINKS}")
    most_effort = '"reasoning_effort": "max"'
    edits_unasked = True
    other_model = "mock/mock-other"

    def environ(self, place: Place) -> Mapping[str, str]:
        """It asks nobody for a list of models."""
        del place
        return {"OPENCODE_DISABLE_MODELS_FETCH": "1"}

    def prepare(self, place: Place) -> None:
        """The configuration, in which each model has a price."""
        models: dict[str, Any] = {
            name: {"name": name, "cost": _PRICE, "attachment": True, "modalities": _SEES}
            for name in ("mock-model", "mock-other")
        }
        models[_THINKS] = {**models["mock-model"], "reasoning": True, "variants": _VARIANTS}
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "mock",
            "options": {"baseURL": f"{place.url}/v1"} | _key(place),
            "models": models,
        }
        config: dict[str, Any] = {
            "autoupdate": False,
            "share": "disabled",
            "model": "mock/mock-model",
            "provider": {"mock": provider},
        }
        if not place.chatty:
            config["agent"] = {"title": {"disable": True}}
        file = place.home / ".config" / "opencode" / "opencode.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(config))

    def kept(self, home: Path) -> list[Path]:
        """Its conversations' ids, which are rows of a database."""
        if not (home / _DATA / "opencode.db").exists():
            return []
        with _database(home) as database:
            return [Path(row[0]) for row in database.execute("SELECT id FROM session")]

    def forget(self, home: Path) -> None:
        """Lose the rows."""
        with _database(home) as database:
            for table in _TABLES:
                database.execute(f"DELETE FROM {table}")
            database.commit()

    def wipe(self, home: Path) -> None:
        """Lose the whole folder."""
        shutil.rmtree(home / _DATA)


def _key(place: Place) -> dict[str, str]:
    return {"apiKey": "test-key"} if place.signed_in else {}


@contextmanager
def _database(home: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(home / _DATA / "opencode.db", timeout=10)) as database:
        yield database
