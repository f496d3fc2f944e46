"""Claude Code, set up by its environment."""

import json
import os
from collections.abc import Mapping

from bed.setups._base import Place, Setup


class Agent(Setup):
    """It has no files of its own until it is started."""

    program = "@anthropic-ai/claude-code/bin/claude.exe"
    in_form = "[[tool:StructuredOutput|{}]]"
    most_effort = '"effort": "max"'
    ready = "❯"  # noqa: RUF001  its sign
    other_model = "claude-sonnet-4-5"
    conversations = ".claude/projects/*/*.jsonl"

    def environ(self, place: Place) -> Mapping[str, str]:
        """The address of the model, and nothing that is not asked for."""
        environ = {
            "ANTHROPIC_BASE_URL": place.url,
            "CLAUDE_CODE_MAX_RETRIES": str(place.retries),
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
        }
        if place.signed_in:
            environ["ANTHROPIC_API_KEY"] = "test-key"
        if not place.chatty:
            environ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"
        if os.geteuid() == 0:
            environ["IS_SANDBOX"] = "1"  # else it refuses full access to root
        return environ

    def answer_first_questions(self, place: Place) -> None:
        """Theme, key and trust."""
        trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        answers = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": ["test-key"], "rejected": []},
            "projects": {str(place.project.resolve()): trusted},
        }
        (place.home / ".claude.json").write_text(json.dumps(answers))
