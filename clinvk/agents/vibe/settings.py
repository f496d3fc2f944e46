"""Reads the person's own settings, as far as a turn depends on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.effort import Effort
from clinvk.model.events import Json

NAME = "clinvk"
"""The name of the profile that a run may have."""

_SERVICE = "mistral"
_DEFAULT = "mistral-medium-3.5"


class Model(NamedTuple):
    """A model: its name at the service, and the name of the service in the settings."""

    name: str
    provider: str


_BUILT_IN: Mapping[str, Model] = {_DEFAULT: Model("mistral-vibe-cli-latest", _SERVICE)}
"""The models that 3.0.2 knows by itself."""

_THINKS_OR_NOT = {Effort.LOW: "off", Effort.MEDIUM: "high", Effort.MAX: "high"}
"""What it offers of a built-in one: any other effort would become `high`, even the least."""

Config = Mapping[str, Json]


def parse_config(content: str) -> Config:
    """The settings, none if they cannot be parsed: then the agent does not start."""
    import tomllib  # takes 4 ms, and most turns do not need it

    try:
        return tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def is_trusted(folders: Config, directory: Path) -> bool:
    """What the list of folders decides about the nearest one at or above the directory."""
    for folder in map(str, (directory, *directory.parents)):
        if folder in items(folders.get("trusted")):
            return True
        if folder in items(folders.get("untrusted")):
            return False
    return False


def chosen_model(config: Config, named: str | None, variable: str) -> str:
    """The name that the settings have for the turn's model: `named`, else the person's own."""
    return named or variable or text(config.get("active_model")) or _DEFAULT


def declaration(config: Config, model: str, variable: str, effort: Effort | None) -> Config | None:
    """What to add to the settings of a model, None for nothing.

    3.0.2 knows only models that its settings name, and silently takes its default for any other:
    such a one is declared, so that the person's own service is asked for it.
    """
    known = {**_BUILT_IN, **_of_person(config)}
    if model in known and effort is None:
        return None
    usual = known.get(chosen_model(config, None, variable)) or next(
        iter(_of_person(config).values()), None
    )
    name, provider = known.get(model) or (model, usual.provider if usual else _SERVICE)
    declared: dict[str, Json] = {"name": name, "alias": model, "provider": provider}
    if effort is not None:
        levels = _THINKS_OR_NOT if known.get(model) in _BUILT_IN.values() else {}
        declared["thinking"] = levels.get(effort, effort.value)
    return declared


def _of_person(config: Config) -> Mapping[str, Model]:
    """The models of the person, by the name that each has in the settings."""
    models = config.get("models")
    named = dict(mapping(models))
    for model in map(mapping, items(models)):
        named[text(model.get("alias")) or text(model.get("name"))] = model
    return {
        alias: Model(text(mapping(one).get("name")) or alias, text(mapping(one).get("provider")))
        for alias, one in named.items()
        if alias
    }
