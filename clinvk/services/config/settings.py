"""The effective settings: environment over file over default."""

from collections.abc import Iterable, Mapping

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


def effective_settings(world: World, *, keep: bool = True) -> Settings:
    """The value and source of every key; a configuration file that was named must exist.

    The result is cached for the next run if `keep` is true, else nothing is written. Raises
    `ConfigError` for anything invalid in the file or the environment.
    """
    path = world.config_file
    text = read_config(path, must_exist=world.config is not None)
    names = _names(world.environ, text)
    said = _environment(world.environ, known_keys(names))
    checked, made_of = _checked(world, str(path), text, said, names)
    if keep and made_of is not None:
        remember(world.home, made_of, checked)
    file = {key: Setting(value, str(path)) for key, value in checked["file"].items()}
    variables = _variables(said, checked["environment"])
    if declared := declared_names(file):
        names = (*names, *declared)
        more = _environment(world.environ, backend_keys(declared))
        variables |= _variables(more, _values(more, names))
    chosen = variables.get("default_backend", Setting(None))
    if chosen.value not in (None, *names) and chosen.value not in undeclared_names():
        from clinvk.model.names import nearest

        known = tuple(dict.fromkeys((*undeclared_names(), *names)))
        raise ConfigError(
            f"{chosen.source}: there is no backend `{chosen.value}`",
            hint=nearest(str(chosen.value), known),
        )
    return merge(file, variables)


def _names(environ: Mapping[str, str], text: bytes | None) -> tuple[str, ...]:
    """The backends that keys may name; those of other packages only if anything sets such a key."""
    plain = text is None and not any(name.startswith(_OF_A_BACKEND) for name in environ)
    return built_in() if plain else undeclared_names()


_Said = Mapping[str, tuple[str, str]]
"""The settings in the environment: variable and text of each key."""


def _environment(environ: Mapping[str, str], keys: Iterable[str]) -> _Said:
    """Read the settings from the environment."""
    said: dict[str, tuple[str, str]] = {}
    for key in keys:
        if variable := strongest_variable(environ, key):
            text = environ[variable]
            # Bytes that are not UTF-8 become lone surrogates, which no check of text accepts.
            if any("\ud800" <= letter <= "\udfff" for letter in text):
                raise ConfigError(f"{variable}: this is not text: {text!a}")
            said[key] = (variable, text)
    return said


def _variables(said: _Said, values: Mapping[str, Json]) -> dict[str, Setting]:
    """The settings of the variables; `values` are those of the texts that had to be checked."""
    plain = {key: value_from_text(key, said[key][1]) for key in said if is_plain(key)}
    return {key: Setting(value, said[key][0]) for key, value in {**plain, **values}.items()}


def _texts(said: _Said) -> dict[str, str]:
    """The texts that have to be parsed and checked."""
    return {key: text for key, (_, text) in said.items() if not is_plain(key)}


def variables_of(key: str) -> tuple[str, ...]:
    """The variables that set a key, the strongest first."""
    own = environment_variable(key)
    is_model = key.startswith("backends.") and key.endswith(".model")
    return (MODEL_VARIABLE, own) if is_model else (own,)


def strongest_variable(environ: Mapping[str, str], key: str) -> str | None:
    """The variable that sets a key now; empty and blank variables are ignored."""
    return next((name for name in variables_of(key) if environ.get(name, "").strip()), None)


def _checked(
    world: World, origin: str, text: bytes | None, said: _Said, names: tuple[str, ...]
) -> tuple[Checked, Mapping[str, Json] | None]:
    """The values of the file and of the environment, from the cache if nothing has changed.

    If they were not in the cache, also everything that they depend on, else None.
    """
    texts = _texts(said)
    if text is None and not texts:
        return {"file": {}, "environment": {}}, None
    made_of: Mapping[str, Json] = {
        "version": __version__,
        "keys": list(known_keys(names)),
        "path": origin,
        "text": None if text is None else text.decode("utf-8", "surrogateescape"),
        "environment": texts,
    }
    if (known := recall(world.home, made_of)) is not None:
        return known, None
    checked = {
        "file": {} if text is None else check_config(text, origin, names),
        "environment": _values(said, names),
    }
    return checked, made_of


def _values(said: _Said, names: tuple[str, ...]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for key, text in _texts(said).items():
        try:
            values[key] = value_from_text(key, text)
        except ValueError as error:
            raise ConfigError(f"{said[key][0]}: `{key}`: {error}") from error
    origins = {key: variable for key, (variable, _) in said.items()}
    return check_values(values, origins, names) if values else {}
