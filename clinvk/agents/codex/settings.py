"""Settings of codex for one run, as `--config` takes them: TOML."""

import json
from pathlib import Path

from clinvk.model.effort import Effort
from clinvk.model.request import TurnRequest


def effort(request: TurnRequest) -> list[str]:
    """The option for how much the model thinks."""
    if request.effort is None:
        return []
    level = "xhigh" if request.effort is Effort.MAX else request.effort.value
    return [f'--config=model_reasoning_effort="{level}"']


def instructions(request: TurnRequest) -> list[str]:
    """The option for the system prompt."""
    if request.system_prompt is None:
        return []
    return [f"--config=developer_instructions={toml_string(request.system_prompt)}"]


def untrusted(cwd: Path) -> str:
    """A TOML table that marks all these directories as untrusted: one is the project's root.

    In a trusted project, 0.171.0 starts the servers that the project's own `.codex/config.toml`
    names, regardless of the sandbox. AGENTS.md is still read.
    """
    entries = (f'{toml_string(str(one))}={{trust_level="untrusted"}}' for one in _with_parents(cwd))
    return f"{{{','.join(entries)}}}"


def _with_parents(directory: Path) -> tuple[Path, ...]:
    return (directory, *directory.parents)


def toml_string(value: str) -> str:
    """A TOML basic string: it has the escapes of JSON, but DEL must be escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
