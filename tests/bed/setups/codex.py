"""Codex, set up by its configuration file."""

from collections.abc import Mapping
from pathlib import Path

from bed.setups._base import Place, Setup

_CONFIG = """\
model = "gpt-5.5"
model_provider = "mock"
check_for_update_on_startup = false

[model_providers.mock]
name = "mock"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = {retries}
stream_max_retries = {retries}
stream_idle_timeout_ms = 60000

[analytics]
enabled = false

[otel]
exporter = "none"
"""


class Agent(Setup):
    """A provider of its own, which is the mock model."""

    program = "@openai/codex/bin/codex.js"
    seen_signed_in = ("unknown", "unknown")  # it has its key from a provider of its own
    most_effort = '"effort": "xhigh"'
    ready = "Ask Codex"
    other_model = "gpt-5.1-codex-mini"
    conversations = ".codex/sessions/*/*/*/*.jsonl"

    def environ(self, place: Place) -> Mapping[str, str]:
        """Its folder and the provider's key."""
        key = {"OPENAI_API_KEY": "test-key"} if place.signed_in else {}
        return {"CODEX_HOME": str(place.home / ".codex"), **key}

    def prepare(self, place: Place) -> None:
        """The configuration."""
        file = place.home / ".codex" / "config.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(_CONFIG.format(url=place.url, retries=place.retries))

    def wipe(self, home: Path) -> None:
        """Also the database in which it finds them."""
        super().wipe(home)
        for state in (home / ".codex").glob("state_*"):
            state.unlink()

    def answer_first_questions(self, place: Place) -> None:
        """Trust, and whether it should be a newer model."""
        with (place.home / ".codex" / "config.toml").open("a") as config:
            config.write(
                f'\n[projects."{place.project.resolve()}"]\ntrust_level = "trusted"\n'
                '\n[notice.model_migrations]\n"gpt-5.5" = "gpt-6-sol"\n'
            )
