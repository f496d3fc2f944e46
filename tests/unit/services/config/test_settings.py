"""Environment over file over default, each value with where it is from."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.agents import registry as backends
from clinvk.errors import ConfigError
from clinvk.model.config import DEFAULTS, environment_variable, known_keys
from clinvk.services.config.settings import effective_settings
from clinvk.services.world import World

VALUES = {
    "default_backend": ("demo", "demo"),
    "session.auto_resume": ("yes", True),
    "session.retention_days": ("7", 7),
    "session.store_token_usage": ("off", False),
    "session.store_transcript": ("false", False),
    "session.default_tags": ("[a, b]", ["a", "b"]),
    "run.timeout": ("2h", "2h"),
    "run.idle_timeout": ("null", None),
    "run.access": ("edit", "edit"),
    "run.allow": ("[Edit, 'Bash(git *)']", ["Edit", "Bash(git *)"]),
    "run.deny": ("[Bash]", ["Bash"]),
    "run.max_turns": ("3", 3),
    "run.max_depth": ("5", 5),
    "output.format": ("json", "json"),
    "output.render": ("never", "never"),
    "output.color": ("always", "always"),
    "backends.demo.model": ("7", "7"),
    "backends.demo.access": ("full", "full"),
    "backends.demo.system_prompt": ("be [brief", "be [brief"),
    "backends.demo.effort": ("max", "max"),
    "backends.demo.extra_args": ("--x 'a b'", ["--x", "a b"]),
    "backends.demo.binary": ("/x/y", "/x/y"),
    "backends.demo.enabled": ("no", False),
}


def _with(world: World, **environ: str) -> World:
    return replace(world, environ=environ)


def _write(world: World, text: str) -> Path:
    world.home.root.mkdir(exist_ok=True)
    world.home.config_file.write_text(text)
    return world.home.config_file


def test_without_a_configuration_all_defaults_apply(world: World) -> None:
    """Without a file and variables, and nothing is created."""
    settings = effective_settings(world)
    assert {key: settings.get(key) for key in DEFAULTS} == dict(DEFAULTS)
    assert {one.source for one in settings.values.values()} == {"default"}
    assert not world.home.root.exists()


def test_the_table_below_has_every_key() -> None:
    """So the next test is about all of them."""
    assert set(VALUES) == set(known_keys(["demo"]))


@pytest.mark.parametrize("key", VALUES)
def test_every_key_has_a_variable_that_wins_over_the_file(world: World, key: str) -> None:
    """It is read as its key's type, and remembered as the source."""
    _write(world, "run:\n  timeout: 9h\nbackends:\n  demo:\n    model: x\n")
    variable = environment_variable(key)
    text, value = VALUES[key]
    found = effective_settings(_with(world, **{variable: text})).values[key]
    assert (found.value, found.source) == (value, variable)


def test_the_file_wins_over_the_default(world: World) -> None:
    """And an empty or blank variable says nothing."""
    path = _write(world, "run:\n  timeout: 9h\n")
    found = effective_settings(_with(world, CLINVK_RUN_TIMEOUT="  ", CLINVK_BACKEND=""))
    assert (found.values["run.timeout"].value, found.values["run.timeout"].source) == (
        "9h",
        str(path),
    )
    assert found.get("default_backend") is None


def test_a_named_file_replaces_the_users_file(world: World, tmp_path: Path) -> None:
    """Nothing of the user's file is used, and the named file must exist."""
    _write(world, "run:\n  timeout: 9h\n")
    other = tmp_path / "other.yaml"
    with pytest.raises(ConfigError, match="there is no configuration file"):
        effective_settings(replace(world, config=other))
    other.write_text("run:\n  max_turns: 2\n")
    settings = effective_settings(replace(world, config=other))
    assert (settings.get("run.timeout"), settings.get("run.max_turns")) == (None, 2)


def test_one_variable_sets_the_model_of_every_backend(world: World) -> None:
    """`CLINVK_MODEL` wins over the backend's own variable, which wins over the file."""
    _write(world, "backends:\n  demo:\n    model: of-the-file\n")
    own, both = {"CLINVK_BACKENDS_DEMO_MODEL": "own"}, {"CLINVK_MODEL": "any"}
    assert effective_settings(world).backend("demo", "model") == "of-the-file"
    assert effective_settings(_with(world, **own)).backend("demo", "model") == "own"
    settings = effective_settings(_with(world, **own, **both))
    for name in backends.names():
        assert settings.backend(name, "model") == "any"
        assert settings.values[f"backends.{name}.model"].source == "CLINVK_MODEL"


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("CLINVK_BACKEND", "demi", "CLINVK_BACKEND: there is no backend `demi`"),
        ("CLINVK_RUN_TIMEOUT", "soon", "`run.timeout`: `soon` is not a duration"),
        ("CLINVK_RUN_MAX_TURNS", "0", "expected a whole number from 1 or null, got `0`"),
        ("CLINVK_SESSION_AUTO_RESUME", "maybe", "expected true or false, got `maybe`"),
        ("CLINVK_SESSION_AUTO_RESUME", "null", "expected true or false, got `null`"),
        ("CLINVK_SESSION_RETENTION_DAYS", "9" * 5000, "expected a whole number from 0, got"),
        ("CLINVK_SESSION_DEFAULT_TAGS", "[a", "it is not a YAML list"),
        ("CLINVK_SESSION_DEFAULT_TAGS", "[1]", "expected a text, got `1`"),
        ("CLINVK_BACKENDS_DEMO_ACCESS", "wide", "expected `read-only`, `ask`, `edit` or `full`"),
        ("CLINVK_BACKENDS_DEMO_EXTRA_ARGS", "'a", "it cannot be split into words"),
        ("CLINVK_OUTPUT_FORMAT", "🙂", "expected `text`, `json` or `stream-json`, got `🙂`"),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_it(
    world: World, variable: str, text: str, sentence: str
) -> None:
    """Never silently ignored: exit 3."""
    with pytest.raises(ConfigError) as wrong:
        effective_settings(_with(world, CLINVK_OUTPUT_COLOR="never", **{variable: text}))
    assert wrong.value.message.startswith(f"{variable}: ")
    assert sentence in wrong.value.message
    assert len(wrong.value.message) < 300


def test_a_change_of_the_file_applies_at_once(world: World) -> None:
    """Also with the same size and time, in place or replaced."""
    path = _write(world, "run:\n  timeout: 1h\n")
    stamp = path.stat().st_mtime_ns
    for hours in (1, 2, 3):
        path.write_text(f"run:\n  timeout: {hours}h\n")
        os.utime(path, ns=(stamp, stamp))
        for _ in range(2):
            assert effective_settings(world).get("run.timeout") == f"{hours}h"
    path.write_text("run:\n  timeout: 1hh\n")
    with pytest.raises(ConfigError):
        effective_settings(world)
    path.unlink()
    assert effective_settings(world).get("run.timeout") is None


def test_a_damaged_memory_changes_no_answer(world: World) -> None:
    """The file is checked again, and the memory is put right."""
    _write(world, "run:\n  timeout: 1h\n")
    assert effective_settings(world).get("run.timeout") == "1h"
    memory = world.home.cache / "config.json"
    right = memory.read_bytes()
    memory.write_bytes(b"{")
    assert effective_settings(world).get("run.timeout") == "1h"
    assert memory.read_bytes() == right
