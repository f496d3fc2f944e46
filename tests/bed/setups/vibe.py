"""Mistral Vibe, set up by its configuration file."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from bed.setups._base import Place, Setup

_CONFIG = """\
active_model = "mock-model"
enable_telemetry = false
enable_update_checks = false
enable_auto_update = false
api_retry_max_elapsed_time = {patience}

[[providers]]
name = "mock"
api_base = "{url}/v1"
api_key_env_var = "MISTRAL_API_KEY"
api_style = "openai"
backend = "generic"
"""
_MODEL = """
[[models]]
name = "{name}"
provider = "mock"
alias = "{name}"
input_price = 1.0
output_price = 10.0
"""
_SESSIONS = ".vibe/logs/session/unified"


class Agent(Setup):
    """A provider of its own, which is the mock model. It is a Python package."""

    program = "vibe"
    more_programs = ("vibe-acp",)
    is_python = True
    ready = "mock-model"
    edits_unasked = True
    other_model = "mock-other"
    most_effort = '"reasoning_effort": "max"'
    conversations = f"{_SESSIONS}/*/meta.json"

    def environ(self, place: Place) -> Mapping[str, str]:
        """The provider's key."""
        return {"MISTRAL_API_KEY": "test-key"} if place.signed_in else {}

    def prepare(self, place: Place) -> None:
        """The configuration."""
        file = place.home / ".vibe" / "config.toml"
        file.parent.mkdir(exist_ok=True)
        models = "".join(_MODEL.format(name=name) for name in ("mock-model", "mock-other"))
        # It knows no number of tries: a second has room for one more.
        patience = 1 if place.retries else 0
        file.write_text(_CONFIG.format(url=place.url, patience=patience) + models)

    def forget(self, home: Path) -> None:
        """Lose the conversations, each of which is a folder."""
        for file in self.kept(home):
            shutil.rmtree(file.parent)
