"""Writes the profile of a run: what it may do, and what is added to its system prompt.

Its own profiles (`ask`, `accept-edits`) leave what the person's settings allow, and the settings of
a repository that it trusts; those of a profile come before both, and before what a conversation had
(3.0.2).
"""

import json
from collections.abc import Mapping

from clinvk.agents.kit.jsonl import text
from clinvk.agents.vibe.settings import (
    NAME,
    Config,
    chosen_model,
    declaration,
    is_trusted,
    parse_config,
)
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.events import Json
from clinvk.model.request import TurnRequest

_ASK: Mapping[str, Json] = {"permission": "ask"}
_ALWAYS: Mapping[str, Json] = {"permission": "always"}
_NEVER: Mapping[str, Json] = {"permission": "never"}

_SETTINGS: Mapping[Access, Mapping[str, Json]] = {
    # Without `bash` its scripts start no processes either. Its sub-agents, which are bound by the
    # same, could be switched off only for a whole conversation.
    Access.READ_ONLY: {
        "bypass_tool_permissions": False,
        "enabled_tools": ["read_file", "grep", "skill"],
        "tools": {"bash": _NEVER, "edit": _NEVER, "write_file": _NEVER},
    },
    Access.ASK: {
        "bypass_tool_permissions": False,
        "tools": {"bash": {**_ASK, "allowlist": []}, "edit": _ASK, "write_file": _ASK},
    },
    Access.EDIT: {
        "bypass_tool_permissions": False,
        "tools": {"bash": _ASK, "edit": _ALWAYS, "write_file": _ALWAYS},
    },
    Access.FULL: {"bypass_tool_permissions": True},
}

_OWN: Mapping[str, Mapping[str, Json]] = {
    "ask": {},
    "accept-edits": {"tools": {"edit": _ALWAYS, "write_file": _ALWAYS}},
    "auto-approve": {"bypass_tool_permissions": True},
}
"""What the agent's own profiles set."""

_DEFAULT = "accept-edits"


def written(request: TurnRequest, config: Config) -> str:
    """The profile as TOML.

    Raises `BackendUnsupportedError` for a person's own profile, which it would take the place of.
    """
    settings = usual_settings(request, config)
    if settings is None:
        raise BackendUnsupportedError(
            "backend `vibe` cannot add to the system prompt of a profile of your own",
            hint="choose an `--access`, or leave `--system-prompt` out",
        )
    said = {} if request.system_prompt is None else {"instructions": request.system_prompt}
    model = _model(request, config)
    return "".join(_table({"display_name": NAME, **said, **model, **settings}))


def usual_settings(request: TurnRequest, config: Config) -> Config | None:
    """The settings of the access; without one, of the profile that the person uses.

    None if that is none of the agent's.
    """
    if request.access is not None:
        return _SETTINGS[request.access]
    named = request.environ.get("VIBE_DEFAULT_AGENT") or text(config.get("default_agent"))
    return _OWN.get(named or _DEFAULT)


def _model(request: TurnRequest, config: Config) -> Config:
    """The turn's model, else in a further turn the person's own.

    In a repository that is trusted, that one is not known.
    """
    variable = request.environ.get("VIBE_ACTIVE_MODEL") or ""
    if request.model is None and request.effort is None:
        folders = parse_config(request.texts.get("trusted_folders.toml") or "")
        if not request.resume or is_trusted(folders, request.cwd):
            return {}
    model = request.model or variable or text(config.get("active_model"))
    named = chosen_model(config, request.model, variable)
    declared = declaration(config, named, variable, request.effort)
    return {"active_model": model, **({} if declared is None else {"models": {named: declared}})}


def _table(values: Mapping[str, Json], path: str = "") -> list[str]:
    """The lines of a table, its plain values first, then the tables in it."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    lines = [f"[{path}]\n"] if path and plain else []
    lines += [f"{key} = {_value(value)}\n" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += _table(value, ".".join(filter(None, (path, json.dumps(key)))))
    return lines


def _value(value: Json) -> str:
    """A text, a truth or a list of texts: in TOML as in JSON, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
