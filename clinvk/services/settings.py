"""The effective settings: environment over file over default."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clinvk import __version__, backends
from clinvk.errors import ConfigError
from clinvk.model.config import (
    MODEL_VARIABLE,
    Setting,
    Settings,
    environment_variable,
    known_keys,
    merge,
)
from clinvk.model.events import Json
from clinvk.services.world import World
from clinvk.store.config_cache import Checked, recall, remember
from clinvk.store.config_file import check_config, check_values, read_config
from clinvk.store.config_values import is_plain, value_from_text


def effective_settings(world: World, config_file: Path | None = None) -> Settings:
    """Every key's value and source; `config_file` stands in place of the user's own and must exist.

    Raises `ConfigError` for anything invalid, in the file or in the environment.
    """
    path = config_file or world.home.config_file
    text = read_config(path, must_exist=config_file is not None)
    said = _environment(world.environ)
    checked = _checked(world, path, text, said)
    file = {key: Setting(value, str(path)) for key, value in checked["file"].items()}
    variables = {
        key: Setting(value, said.variables[key]) for key, value in checked["environment"].items()
    }
    return merge(file, said.plain | variables)


@dataclass(frozen=True, slots=True)
class _Environment:
    """What the environment says.

    `plain` is ready for use; `texts` are to be read and checked, by key. `variables` says which
    variable each key is from.
    """

    plain: dict[str, Setting]
    texts: dict[str, str]
    variables: dict[str, str]


def _environment(environ: Mapping[str, str]) -> _Environment:
    """What is said there; a variable that is empty or blank says nothing."""
    plain: dict[str, Setting] = {}
    texts: dict[str, str] = {}
    variables: dict[str, str] = {}
    for key in known_keys(backends.names()):
        for variable in variables_of(key):
            text = environ.get(variable, "")
            if not text.strip():
                continue
            # Undecodable bytes arrive as lone surrogates, which no checker of text takes.
            if any("\ud800" <= letter <= "\udfff" for letter in text):
                raise ConfigError(f"{variable}: this is not text: {text!a}")
            variables[key] = variable
            if is_plain(key):
                plain[key] = Setting(_plain(key, text, variable), variable)
            else:
                texts[key] = text
            break
    return _Environment(plain, texts, variables)


def variables_of(key: str) -> tuple[str, ...]:
    """The variables that set a key, the strongest first."""
    own = environment_variable(key)
    is_model = key.startswith("backends.") and key.endswith(".model")
    return (MODEL_VARIABLE, own) if is_model else (own,)


def _plain(key: str, text: str, variable: str) -> Json:
    value = value_from_text(key, text)
    if key == "default_backend" and value is not None and value not in backends.names():
        raise ConfigError(
            f"{variable}: there is no backend `{value}`",
            hint=f"one of: {', '.join(backends.names())}",
        )
    return value


def _checked(world: World, path: Path, text: bytes | None, said: _Environment) -> Checked:
    """The values of the file and of the environment, from the memory if nothing has changed."""
    if text is None and not said.texts:
        return {"file": {}, "environment": {}}
    made_of: Mapping[str, Json] = {
        "version": __version__,
        "keys": list(known_keys(backends.names())),
        "path": str(path),
        "text": None if text is None else text.decode("utf-8", "surrogateescape"),
        "environment": said.texts,
    }
    checked = recall(world.home, made_of)
    if checked is None:
        names = backends.names()
        checked = {
            "file": {} if text is None else check_config(text, str(path), names),
            "environment": _values(said, names),
        }
        remember(world.home, made_of, checked)
    return checked


def _values(said: _Environment, names: tuple[str, ...]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for key, text in said.texts.items():
        try:
            values[key] = value_from_text(key, text)
        except ValueError as error:
            raise ConfigError(f"{said.variables[key]}: `{key}`: {error}") from error
    return check_values(values, said.variables, names) if values else {}
