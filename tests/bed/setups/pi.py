"""Pi, set up by its files of models and settings."""

import json
from collections.abc import Mapping
from pathlib import Path

from bed.setups._base import Place, Setup

_PRICE = {"input": 1, "output": 10, "cacheRead": 0.1, "cacheWrite": 1}


class Agent(Setup):
    """A provider in OpenAI's manner, in which each model has a price."""

    program = "@earendil-works/pi-coding-agent/dist/bundle/cli.js"
    newer_node = True
    ready = "mock-model"
    edits_unasked = True
    other_model = "mock/mock-other"
    most_effort = '"reasoning_effort": "max"'
    conversations = ".pi/agent/sessions/*/*.jsonl"

    def environ(self, place: Place) -> Mapping[str, str]:
        """It asks nobody for a newer version or for a list of models."""
        del place
        return {"PI_OFFLINE": "1", "PI_TELEMETRY": "0"}

    def prepare(self, place: Place) -> None:
        """The models and the settings."""
        models = [
            {
                "id": name,
                "input": ["text", "image"],
                "reasoning": True,
                "thinkingLevelMap": {"max": "max"},
                "contextWindow": 200_000,
                "cost": _PRICE,
            }
            for name in ("mock-model", "mock-other")
        ]
        provider = {
            "baseUrl": f"{place.url}/v1",
            "api": "openai-completions",
            "models": models,
            **({"apiKey": "test-key"} if place.signed_in else {}),
        }
        retries = {"maxRetries": place.retries, "baseDelayMs": 100}
        settings = {"defaultProvider": "mock", "defaultModel": "mock-model", "retry": retries}
        folder = place.home / ".pi" / "agent"
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "models.json", {"providers": {"mock": provider}})
        _write(folder / "settings.json", settings)


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content))
