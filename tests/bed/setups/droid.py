"""Droid, set up by its settings file."""

import json
from collections.abc import Mapping

from bed.setups._base import Place, Setup


class Agent(Setup):
    """Models of one's own in OpenAI's manner, which need no account."""

    program = "droid/bin/droid"
    ready = "for help"
    seen_signed_in = ("unknown", "unknown")  # its model's key is in its settings
    other_model = "custom:mock-other-1"
    conversations = ".factory/sessions/*/*.jsonl"

    signs = frozenset({"BUN_PTY_LIB", "FACTORY_DISABLE_SETTINGS_PERSISTENCE"})

    def environ(self, place: Place) -> Mapping[str, str]:
        """It does not update itself."""
        del place
        return {"FACTORY_DROID_AUTO_UPDATE_ENABLED": "false"}

    def prepare(self, place: Place) -> None:
        """The settings; without a key there is only the model of an account."""
        models = [
            {
                "id": f"custom:{name}-{number}",
                "index": number,
                # Its service knows the model by the same name as the person.
                "model": f"custom:{name}-{number}",
                "displayName": name,
                "baseUrl": f"{place.url}/v1",
                "apiKey": "test-key",
                "provider": "generic-chat-completion-api",
                "maxOutputTokens": 8_000,
                "noImageSupport": False,
            }
            for number, name in enumerate(("mock-model", "mock-other"))
        ]
        settings = {"cloudSessionSync": False, "enableDroidShield": False}
        if place.signed_in:
            own = {"customModels": models, "sessionDefaultSettings": {"model": models[0]["id"]}}
            settings |= own
        file = place.home / ".factory" / "settings.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(settings))
