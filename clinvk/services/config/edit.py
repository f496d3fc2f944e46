"""Shows the effective settings with their sources, and changes single keys."""

import os
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import ConfigError, UsageError
from clinvk.model.config import DECLARED, Setting, Settings, declared_names, default_of, known_keys
from clinvk.services.agents.catalog import undeclared_names
from clinvk.services.config.settings import effective_settings, strongest_variable
from clinvk.services.session_locks import claim_of
from clinvk.services.world import World
from clinvk.store.config.edit import ConfigFile
from clinvk.store.config.file import check_config, check_values, lines_of, problems_in, read_config
from clinvk.store.config.values import value_from_text, value_to_text

FIRST_TEXT = """\
# clinvk's configuration. `clinvk config show` prints every key with its value; for example:
#
# default_backend: NAME
# run:
#   timeout: 2h
"""
"""The text that `config edit` opens if the file does not exist."""


def all_settings(world: World) -> dict[str, Setting]:
    """Every known key in the order of the file; the source has the line of the file.

    Raises `ConfigError` like `effective_settings`.
    """
    settings = effective_settings(world)
    path = world.config_file
    text = read_config(path, must_exist=False)
    lines = lines_of(text, str(path)) if text else {}
    keys: list[str] = []
    for key in known_keys(_names(settings)):
        declaration = f"{key.rpartition('.')[0]}{DECLARED}"
        if declaration in settings.values and declaration not in keys:
            keys.append(declaration)  # before the other keys of its backend
        keys.append(key)
    found: dict[str, Setting] = {}
    for key in keys:
        setting = settings.values.get(key) or Setting(default_of(key))
        if setting.source == str(path) and key in lines:
            setting = replace(setting, source=f"{path}:{lines[key]}")
        found[key] = setting
    return found


def setting(world: World, key: str) -> Setting:
    """The effective value of one key. Raises `UsageError` for an unknown key."""
    settings = effective_settings(world)
    if key not in settings.values:
        _require_known(key, _names(settings))
    return settings.values.get(key) or Setting(default_of(key))


class Change(Struct, frozen=True, kw_only=True):
    """What a change of a key did; `overridden_by` is the variable that wins over the file.

    `old` and `new` are the values of the file, else the default; None if they are unknown, because
    the file was invalid.
    """

    key: str
    file: Path
    old: Setting | None
    new: Setting | None
    overridden_by: str | None = None


def setting_text(setting: Setting) -> str:
    """The value for a shell: text unchanged, everything else as JSON."""
    return value_to_text(setting.value)


def set_key(world: World, key: str, text: str) -> Change:
    """Set a key in the file, which is created if needed.

    Raises `UsageError` for an unknown key or an invalid value; the file is then unchanged.
    """
    names = _names_so_far(world)
    _require_known(key, names)
    try:
        value = check_values({key: value_from_text(key, text)}, {key: "the value"}, names)[key]
    except ValueError as error:
        raise UsageError(f"`{key}`: {error}") from error
    except ConfigError as error:
        raise UsageError(error.message.removeprefix("the value: "), hint=error.hint) from error
    old = _in_file(world, key, names)
    config_file(world).set(key, value)
    path = world.config_file
    return Change(
        key=key,
        file=path,
        old=old,
        new=Setting(value, str(path)),
        overridden_by=strongest_variable(world.environ, key),
    )


def unset_key(world: World, key: str) -> Change:
    """Remove a key from the file; `old` is the default if the file does not have it.

    Unknown keys can be removed too, because they make the file invalid.
    """
    names = _names_so_far(world)
    _refuse_section(key, names)
    old = _in_file(world, key, names)
    if not (os.path.isfile(world.config_file) and config_file(world).unset(key)):
        _require_known(key, names)
        old = Setting(default_of(key))
    default = Setting(default_of(key)) if key in known_keys(names) else None
    return Change(key=key, file=world.config_file, old=old, new=default)


def start_editing(world: World) -> bool:
    """Make sure that the file exists; returns True if it was created."""
    if os.path.exists(world.config_file):  # an invalid file can be corrected
        return False
    return config_file(world).create(FIRST_TEXT)


def stop_editing(world: World, *, created: bool) -> None:
    """Make the file private, or delete it if it was created and not changed."""
    path = world.config_file
    if path.is_symlink() or not path.is_file():
        return
    if created and path.read_bytes() == FIRST_TEXT.encode():
        path.unlink()
    else:
        path.chmod(0o600)  # editors that replace a file give it the mode of the umask


def validate(world: World, file: Path | None) -> Path | None:
    """Check a file, or the user's own and the environment; returns the valid file, if any.

    Raises `ConfigError` with all errors, one per line.
    """
    path = file or world.config_file
    text = read_config(path, must_exist=path != world.home.config_file)
    if text is not None and (problems := problems_in(text, str(path), undeclared_names())):
        raise ConfigError("\n".join(problems))
    if file is None:
        effective_settings(world)
    return None if text is None else path


def _names(settings: Settings) -> tuple[str, ...]:
    return (*undeclared_names(), *declared_names(settings.values))


def _names_so_far(world: World) -> tuple[str, ...]:
    """All backends; an invalid file declares none."""
    try:
        return _names(effective_settings(world))
    except ConfigError:
        return undeclared_names()


def _require_known(key: str, names: tuple[str, ...]) -> None:
    if key in (known := known_keys(names)):
        return
    _refuse_section(key, names)
    close = get_close_matches(key[:100], known, n=1)
    hint = f"did you mean `{close[0]}`?" if close else "`clinvk config show` lists all keys"
    raise UsageError(f"there is no key `{key[:100]}`", hint=hint)


def _refuse_section(key: str, names: tuple[str, ...]) -> None:
    if key.startswith("backends.") and DECLARED in key:
        raise UsageError(
            f"`{key}` is part of a section that can only be changed as a whole",
            hint="`clinvk config edit` opens the file",
        )
    inside = [one for one in known_keys(names) if one.startswith(f"{key}.")]
    if inside:
        raise UsageError(f"`{key}` is a section, not a key", hint=f"it has {', '.join(inside)}")


def _in_file(world: World, key: str, names: tuple[str, ...]) -> Setting | None:
    """The value of the file, else the default of a known key; None if the file is invalid."""
    path = world.config_file
    try:
        values = check_config(read_config(path, must_exist=False) or b"", str(path), names)
    except ConfigError:
        return None
    if key not in values and key not in known_keys(names):
        return None
    return Setting(values[key], str(path)) if key in values else Setting(default_of(key))


def config_file(world: World) -> ConfigFile:
    """The user's configuration file, for changes."""
    return ConfigFile(
        home=world.home,
        path=world.config_file,
        backends=undeclared_names(),
        claim=claim_of(world),
    )
