"""Kimi Code, set up by its configuration file."""

import hashlib
import json
import shutil
from pathlib import Path

from bed.setups._base import Place, Setup

_CONFIG = """\
default_model = "mock/mock-model"
telemetry = false

[loop_control]
max_attempts_per_step = {attempts}

[providers.mock]
type = "openai"
base_url = "{url}/v1"
{key}

[models."mock/mock-model"]
provider = "mock"
model = "mock-model"
max_context_size = 200000
capabilities = ["tool_use", "thinking", "image_in"]
support_efforts = ["low", "medium", "high", "max"]

[models."mock/mock-other"]
provider = "mock"
model = "mock-other"
max_context_size = 200000
capabilities = ["tool_use"]
"""


class Agent(Setup):
    """A provider in OpenAI's manner, with two models."""

    program = "@moonshot-ai/kimi-code/dist/main.mjs"
    newer_node = True
    seen_signed_in = ("yes", "yes")  # its configuration is there without the key too
    ready = "context:"
    other_model = "mock/mock-other"
    most_effort = '"reasoning_effort": "max"'
    conversations = ".kimi-code/sessions/*/*/agents/main/wire.jsonl"

    def prepare(self, place: Place) -> None:
        """The configuration."""
        config = _CONFIG.format(
            attempts=place.retries + 1,
            url=place.url,
            key='api_key = "test-key"' if place.signed_in else "",
        )
        file = place.home / ".kimi-code" / "config.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(config)

    def answer_first_questions(self, place: Place) -> None:
        """Trust of the folder, without which its screen does not open."""
        trust(place.home, place.project)

    def forget(self, home: Path) -> None:
        """Lose the folders of the conversations."""
        for file in self.kept(home):
            shutil.rmtree(file.parents[2])


def trust(home: Path, folder: Path) -> None:
    """Trust the folder as a person does in its screen: then it starts the folder's servers."""
    root = str(folder.resolve())
    key = f"wd_{folder.name}_{hashlib.sha256(root.encode()).hexdigest()[:12]}"
    record = home / ".kimi-code" / "workspace-trust" / key
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps({"root": root, "trustedAt": 1}))
