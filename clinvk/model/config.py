"""The settings: every key with its default, and their precedence.

The order is option, environment, file, default; every value keeps its source. The types of the keys
are in `store.config.schema`, which needs pydantic and is imported only for a check.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from clinvk.model.events import Json

DEFAULTS: Mapping[str, Json] = {
    "default_backend": None,
    "session.auto_resume": False,
    "session.retention_days": 30,
    "session.store_token_usage": True,
    "session.store_transcript": True,
    "session.default_tags": [],
    "run.timeout": None,
    "run.idle_timeout": "30m",
    "run.access": None,
    "run.allow": [],
    "run.deny": [],
    "run.max_turns": None,
    "run.max_depth": 3,
    "output.format": "text",
    "output.render": "auto",
    "output.color": "auto",
}

BACKEND_DEFAULTS: Mapping[str, Json] = {
    "model": None,
    "access": None,
    "system_prompt": None,
    "effort": None,
    "extra_args": [],
    "binary": None,
    "enabled": True,
}

NULL_MEANS: Mapping[str, str] = {
    "default_backend": "the first installed one",
    "run.timeout": "no limit",
    "run.idle_timeout": "no limit",
    "run.access": "`ask` at a terminal, else the agent's own default",
    "run.max_turns": "no limit",
    "model": "the agent's own default",
    "access": "the value of `run.access`",
    "system_prompt": "nothing is added",
    "effort": "the agent's own default",
    "binary": "its usual name",
}
"""What null stands for, by the keys of `DEFAULTS` and `BACKEND_DEFAULTS` that can be null."""

DECLARED = ".declared"
"""The end of a key that declares a backend. Its value is a section; no variable sets it."""

DEFAULT = "default"
"""The source of a value that is not set."""

MODEL_VARIABLE = "CLINVK_MODEL"
"""Sets the model of the chosen backend, and overrides the backend's own settings."""


OTHER_VARIABLES = (MODEL_VARIABLE, "CLINVK_HOME", "CLINVK_PAGER", "CLINVK_RUN")
"""Variables that set no key. `CLINVK_RUN` marks the child processes of a run."""


class Setting(Struct, frozen=True):
    """A value and where it came from: `default`, `FILE:LINE` or an environment variable."""

    value: Json
    source: str = DEFAULT


class Settings(Struct, frozen=True):
    """The effective value of every key."""

    values: Mapping[str, Setting]

    def get(self, key: str) -> Json:
        """The value of a key of `DEFAULTS`."""
        return self.values[key].value

    def backend(self, name: str, key: str) -> Json:
        """The value of `backends.NAME.KEY`, or its default."""
        setting = self.values.get(f"backends.{name}.{key}")
        return BACKEND_DEFAULTS[key] if setting is None else setting.value


def environment_variable(key: str) -> str:
    """The variable that sets a key: `run.timeout` is `CLINVK_RUN_TIMEOUT`."""
    if key == "default_backend":
        return "CLINVK_BACKEND"
    return "CLINVK_" + key.replace(".", "_").replace("-", "_").upper()


def known_keys(backends: Iterable[str]) -> tuple[str, ...]:
    """All keys, for these backends."""
    return (*DEFAULTS, *backend_keys(backends))


def backend_keys(backends: Iterable[str]) -> tuple[str, ...]:
    """Only the keys of these backends."""
    return tuple(f"backends.{name}.{key}" for name in backends for key in BACKEND_DEFAULTS)


def default_of(key: str) -> Json:
    """The default of a known key."""
    if key in DEFAULTS:
        return DEFAULTS[key]
    return BACKEND_DEFAULTS[key.rpartition(".")[2]]


def null_means(key: str) -> str:
    """What null stands for as the value of a known key, "" if it has no meaning of its own."""
    return NULL_MEANS.get(key) or NULL_MEANS.get(key.rpartition(".")[2], "")


def declared_names(keys: Iterable[str]) -> tuple[str, ...]:
    """The names of the declared backends, from all keys that are set."""
    return tuple(key.split(".")[1] for key in keys if key.endswith(DECLARED))


def flatten(nested: Mapping[str, Json]) -> dict[str, Json]:
    """A checked configuration as `section.key` to value, with only the keys that are set."""
    flat: dict[str, Json] = {}
    for key, value in nested.items():
        if key == "backends":
            for name, options in value.items():
                flat |= {
                    f"backends.{name}.{option}": setting for option, setting in options.items()
                }
        elif isinstance(value, dict):
            flat |= {f"{key}.{option}": setting for option, setting in value.items()}
        else:
            flat[key] = value
    return flat


def nest(flat: Mapping[str, Json]) -> dict[str, Json]:
    """The opposite of `flatten`: turns keys with dots into nested sections."""
    nested: dict[str, Json] = {}
    for key, value in flat.items():
        *sections, last = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return nested


def merge(file: Mapping[str, Setting], environment: Mapping[str, Setting]) -> Settings:
    """The effective settings: environment over file over default."""
    values = {key: Setting(value) for key, value in DEFAULTS.items()}
    return Settings(values | dict(file) | dict(environment))
