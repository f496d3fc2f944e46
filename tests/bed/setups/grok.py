"""Grok Build, set up by its configuration file."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from bed.setups._base import Place, Setup

_MODEL = """
[model.{name}]
model = "{name}"
name = "{name}"
base_url = "{url}/v1"
context_window = 200000
reasoning_efforts = [{{ id = "xhigh", value = "xhigh", label = "Extra High" }}]
{key}
"""


class Agent(Setup):
    """Endpoints in OpenAI's manner; it asks for a title at the beginning, `chatty` or not."""

    program = "@xai-official/grok/bin/grok-native"
    ready = "❯"  # noqa: RUF001  its sign
    other_model = "mock-other"
    seen_signed_in = ("unknown", "unknown")  # its model's key is in its configuration
    most_effort = '"reasoning_effort": "xhigh"'
    conversations = ".grok/sessions/*/*/updates.jsonl"

    def environ(self, place: Place) -> Mapping[str, str]:
        """No telemetry, and no patience that no setting limits (45 s after an error 500)."""
        return {
            "GROK_TURN_TRANSIENT_RETRY": "0",
            "GROK_TELEMETRY_ENABLED": "0",
            "GROK_DISABLE_AUTOUPDATER": "1",
            **({} if place.chatty else {"GROK_TITLE_REFRESH": "0"}),
        }

    def forget(self, home: Path) -> None:
        """Each is a folder, whose name cannot be used again while it is there."""
        for folder in home.glob(".grok/sessions/*/*/"):
            shutil.rmtree(folder)

    def prepare(self, place: Place) -> None:
        """The configuration: two models, with a key if signed in."""
        key = 'api_key = "test-key"' if place.signed_in else ""
        models = [
            _MODEL.format(name=name, url=place.url, key=key) for name in ("mock", self.other_model)
        ]
        file = _settings(place.home)
        file.parent.mkdir(exist_ok=True)
        head = f'[models]\ndefault = "mock"\nmax_retries = {place.retries + 1}\n'
        quiet = "[cli]\nauto_update = false\n[features]\ntelemetry = false\n"
        file.write_text(f"{head}\n{quiet}{''.join(models)}")


def _settings(home: Path) -> Path:
    return home / ".grok" / "config.toml"
