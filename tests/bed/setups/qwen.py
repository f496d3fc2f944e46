"""Qwen Code, set up by its settings file."""

import json
from pathlib import Path

from bed.setups._base import Place, Setup

_WITHOUT_MEMORY = {"enableManagedAutoMemory": False, "enableManagedAutoDream": False}


class Agent(Setup):
    """An endpoint in OpenAI's manner; `chatty` lets it keep its memory after each answer."""

    program = "@qwen-code/qwen-code/cli-entry.js"
    able = ("-m", "qwen3-vl-plus")
    most_effort = '"effort": "xhigh"'
    in_form = "[[tool:structured_output|{}]]"
    ready = "Type your message"
    other_model = "qwen3-max"
    conversations = ".qwen/projects/*/chats/*.jsonl"

    def prepare(self, place: Place) -> None:
        """The settings."""
        self._write(place)

    def answer_first_questions(self, place: Place) -> None:
        """Trust of folders is off unless asked for: nothing is asked."""
        self._write(place)

    def _write(self, place: Place) -> None:
        patience = {"maxRetries": 0, "retryInitialDelayMs": 100, "retryMaxDelayMs": 200}
        settings = {
            "security": {
                "auth": {
                    "selectedType": "openai",
                    "baseUrl": f"{place.url}/v1",
                    **({"apiKey": "test-key"} if place.signed_in else {}),
                }
            },
            "model": {"name": "qwen3-coder-plus", "generationConfig": patience},
            "general": {"enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        }
        if not place.chatty:
            settings["memory"] = _WITHOUT_MEMORY
        file = _settings(place.home)
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(settings))


def _settings(home: Path) -> Path:
    return home / ".qwen" / "settings.json"
