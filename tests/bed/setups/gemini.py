"""Gemini CLI, set up by its settings and its environment."""

import json
from collections.abc import Mapping

from bed.setups._base import Place, Setup


class Agent(Setup):
    """A key, and a folder that it trusts.

    Unless it may be chatty it has a model of its own: else it asks a small one which to ask.
    """

    program = "@google/gemini-cli/bundle/gemini.js"
    ready = "Type your message"
    other_model = "gemini-2.5-flash"
    conversations = ".gemini/tmp/*/chats/*.jsonl"

    def environ(self, place: Place) -> Mapping[str, str]:
        """The address of the model and its key."""
        environ = {
            **({"GEMINI_API_KEY": "test-key"} if place.signed_in else {}),
            "GOOGLE_GEMINI_BASE_URL": place.url,
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
        }
        return environ if place.chatty else {**environ, "GEMINI_MODEL": "gemini-2.5-pro"}

    def prepare(self, place: Place) -> None:
        """The settings."""
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {
                "enableAutoUpdate": False,
                "enableAutoUpdateNotification": False,
                "maxAttempts": place.retries + 1,
            },
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        }
        file = place.home / ".gemini" / "settings.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(settings))
