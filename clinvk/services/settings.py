"""The effective settings: environment over file over default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinvk import backends
from clinvk.errors import ConfigError
from clinvk.model.config import Setting, Settings, environment_variable, known_keys, merge
from clinvk.services.world import World
from clinvk.store.config_file import check_config, load_config

_PLAIN_TEXT = ("default_backend",)


def effective_settings(world: World, config_file: Path | None = None) -> Settings:
    """Every key's value and source; `config_file` stands in place of the user's own and must exist.

    Raises `ConfigError` for anything invalid, in the file or in the environment.
    """
    path = config_file or world.home.config_file
    said = load_config(path, must_exist=config_file is not None)
    return merge(said, str(path), _from_environment(world.environ))


def _from_environment(environ: Mapping[str, str]) -> dict[str, Setting]:
    """What the environment says; an empty variable says nothing."""
    found: dict[str, Setting] = {}
    for key in known_keys(backends.names()):
        variable = environment_variable(key)
        if text := environ.get(variable):
            found[key] = Setting(_checked(key, text, variable), variable)
    return found


def _checked(key: str, text: str, variable: str) -> Any:  # noqa: ANN401  a setting's value
    """The text as the key's own type; pydantic is loaded only for keys that are not plain text."""
    last = key.rpartition(".")[2]
    if key in _PLAIN_TEXT or last in ("model", "system_prompt", "binary"):
        return text
    import yaml

    section: Any = text if last in ("timeout", "idle_timeout") else _parsed(yaml, text, variable)
    if last in ("extra_args", "default_tags") and isinstance(section, str):
        section = section.split()
    for part in reversed(key.split(".")):
        section = {part: section}
    return check_config(yaml.safe_dump(section).encode(), variable)[key]


def _parsed(yaml: Any, text: str, variable: str) -> Any:  # noqa: ANN401  the module and a scalar
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{variable}: `{text}` cannot be read") from error
