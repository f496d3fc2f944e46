"""The effective settings: environment over file over default."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from clinvk import __version__
from clinvk.errors import ConfigError
from clinvk.model.config import (
    MODEL_VARIABLE,
    Setting,
    Settings,
    backend_keys,
    declared_names,
    environment_variable,
    known_keys,
    merge,
)
from clinvk.model.events import Json
from clinvk.services.agents.catalog import built_in, undeclared_names
from clinvk.services.world import World
from clinvk.store.config.cache import Checked, recall, remember
from clinvk.store.config.file import check_config, check_values, read_config
from clinvk.store.config.values import is_plain, value_from_text

_OF_A_BACKEND = "CLINVK_BACKENDS_"


def effective_settings(
    world: World, config_file: Path | None = None, *, keep: bool = True
) -> Settings:
    """The value and source of every key; `config_file` replaces the user's own and must exist.

    The result is cached for the next run if `keep` is true, else nothing is written. Raises
    `ConfigError` for anything invalid in the file or the environment.
    """
    path = config_file or world.home.config_file
    text = read_config(path, must_exist=config_file is not None)
    names = _names(world.environ, text)
    from_environment = _environment(world.environ, known_keys(names))
    checked, made_of = _checked(world, str(path), text, from_environment, names)
    if keep and made_of is not None:
        remember(world.home, made_of, checked)
    file = {key: Setting(value, str(path)) for key, value in checked["file"].items()}
    variables = from_environment.plain | _sourced(checked["environment"], from_environment)
    if declared := declared_names(file):
        names = (*names, *declared)
        more = _environment(world.environ, backend_keys(declared))
        variables |= more.plain | _sourced(_values(more, names), more)
    chosen = variables.get("default_backend", Setting(None))
    if chosen.value not in (None, *names) and chosen.value not in undeclared_names():
        known = dict.fromkeys((*undeclared_names(), *names))
        raise ConfigError(
            f"{chosen.source}: there is no backend `{chosen.value}`",
            hint=f"one of: {', '.join(known)}",
        )
    return merge(file, variables)


def _names(environ: Mapping[str, str], text: bytes | None) -> tuple[str, ...]:
    """The backends that keys may name; those of other packages only if anything sets such a key."""
    plain = text is None and not any(name.startswith(_OF_A_BACKEND) for name in environ)
    return built_in() if plain else undeclared_names()


def _sourced(values: Mapping[str, Json], from_environment: "_Environment") -> dict[str, Setting]:
    return {key: Setting(value, from_environment.variables[key]) for key, value in values.items()}


class _Environment(Struct, frozen=True):
    """The settings in the environment, by key.

    `plain` values are ready for use; `texts` still have to be parsed and checked. `variables` has
    the variable of each key.
    """

    plain: dict[str, Setting]
    texts: dict[str, str]
    variables: dict[str, str]


def _environment(environ: Mapping[str, str], keys: Iterable[str]) -> _Environment:
    """Read the settings from the environment; empty and blank variables are ignored."""
    plain: dict[str, Setting] = {}
    texts: dict[str, str] = {}
    variables: dict[str, str] = {}
    for key in keys:
        for variable in variables_of(key):
            text = environ.get(variable, "")
            if not text.strip():
                continue
            # Bytes that are not UTF-8 become lone surrogates, which no check of text accepts.
            if any("\ud800" <= letter <= "\udfff" for letter in text):
                raise ConfigError(f"{variable}: this is not text: {text!a}")
            variables[key] = variable
            if is_plain(key):
                plain[key] = Setting(value_from_text(key, text), variable)
            else:
                texts[key] = text
            break
    return _Environment(plain, texts, variables)


def variables_of(key: str) -> tuple[str, ...]:
    """The variables that set a key, the strongest first."""
    own = environment_variable(key)
    is_model = key.startswith("backends.") and key.endswith(".model")
    return (MODEL_VARIABLE, own) if is_model else (own,)


def _checked(
    world: World,
    origin: str,
    text: bytes | None,
    from_environment: _Environment,
    names: tuple[str, ...],
) -> tuple[Checked, Mapping[str, Json] | None]:
    """The values of the file and of the environment, from the cache if nothing has changed.

    If they were not in the cache, also everything that they depend on, else None.
    """
    if text is None and not from_environment.texts:
        return {"file": {}, "environment": {}}, None
    made_of: Mapping[str, Json] = {
        "version": __version__,
        "keys": list(known_keys(names)),
        "path": origin,
        "text": None if text is None else text.decode("utf-8", "surrogateescape"),
        "environment": from_environment.texts,
    }
    if (known := recall(world.home, made_of)) is not None:
        return known, None
    checked = {
        "file": {} if text is None else check_config(text, origin, names),
        "environment": _values(from_environment, names),
    }
    return checked, made_of


def _values(from_environment: _Environment, names: tuple[str, ...]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for key, text in from_environment.texts.items():
        try:
            values[key] = value_from_text(key, text)
        except ValueError as error:
            raise ConfigError(f"{from_environment.variables[key]}: `{key}`: {error}") from error
    return check_values(values, from_environment.variables, names) if values else {}
