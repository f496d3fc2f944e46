"""Copilot CLI, set up by its environment."""

import json
from collections.abc import Mapping
from pathlib import Path

from bed.setups._base import Place, Setup


class Agent(Setup):
    """A provider in OpenAI's manner, in its offline mode: it asks GitHub for nothing."""

    program = "@github/copilot/npm-loader.js"
    ready = "? help"
    other_model = "mock-other"
    most_effort = '"reasoning_effort": "max"'
    conversations = ".copilot/session-state/*/events.jsonl"

    def environ(self, place: Place) -> Mapping[str, str]:
        """The address of the model, its key, and where it unpacks itself: once for all homes."""
        environ = {
            "COPILOT_PROVIDER_BASE_URL": f"{place.url}/v1",
            "COPILOT_MODEL": "mock-model",
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
            "COPILOT_PKG_CACHE_HOME": str(_unpacked(place)),
        }
        return environ | ({"COPILOT_PROVIDER_API_KEY": "test-key"} if place.signed_in else {})

    def answer_first_questions(self, place: Place) -> None:
        """Trust."""
        file = place.home / ".copilot" / "config.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"trustedFolders": [str(place.project.resolve())]}))


def _unpacked(place: Place) -> Path:
    """A folder beside the installed packages: 240 MB, and 5 s the first time."""
    program = (place.home.parent / "bin" / "copilot").resolve()
    return program.parents[3] / "copilot-unpacked"
