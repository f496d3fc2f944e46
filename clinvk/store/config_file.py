"""`config.yaml`, read and checked; an invalid file is an error that says where, never ignored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinvk.errors import ConfigError
from clinvk.model.config import flatten

if TYPE_CHECKING:
    from pydantic import ValidationError

_LARGEST = 1 << 20


def load_config(path: Path, *, must_exist: bool) -> dict[str, Any]:
    """What the file says, as `section.key` to a checked value; empty if there is no file.

    Raises `ConfigError` with file, line, key and what was expected. YAML and pydantic are imported
    only if there is a file.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        if not must_exist:
            return {}
        raise ConfigError(f"there is no configuration file `{path}`") from None
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {error.strerror}") from error
    if len(text) > _LARGEST:
        raise ConfigError(f"`{path}` is larger than a configuration file can be")
    return check_config(text, str(path))


def check_config(text: bytes, origin: str) -> dict[str, Any]:
    """The checked keys of a YAML text; `origin` names it in errors."""
    import yaml
    from pydantic import ValidationError

    from clinvk.model.config_schema import Config

    try:
        nested = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin}{_line_of_mark(error)}: this is not YAML") from error
    except ValueError as error:
        raise ConfigError(f"{origin}: this is not text: {error}") from error
    if nested is None:
        return {}
    try:
        config = Config.model_validate(nested)
    except ValidationError as error:
        raise _config_error(error, text, origin) from error
    return flatten(config.model_dump(exclude_unset=True))


def _config_error(error: "ValidationError", text: bytes, origin: str) -> ConfigError:
    """The first thing that is wrong, with its line; the others are counted."""
    problems = error.errors(include_url=False)
    first = problems[0]
    location = first["loc"]
    key = ".".join(str(part) for part in location) or "the whole file"
    line = _line_of_key(text, location)
    where = f"{origin}:{line}" if line else origin
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{where}: there is no key `{key}`{more}", hint=_near_key(location))
    return ConfigError(f"{where}: `{key}`: {_expected(first)}{more}")


def _expected(problem: Mapping[str, Any]) -> str:
    message = str(problem["msg"])
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    if problem["type"] == "value_error":
        return message
    return f"expected {message[0].lower()}{message[1:]}, got `{problem['input']}`"


def _near_key(location: Sequence[int | str]) -> str | None:
    from difflib import get_close_matches

    from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS

    if location[0] == "backends":
        known = list(BACKEND_DEFAULTS)
    else:
        known = [key.split(".")[len(location) - 1] for key in DEFAULTS if "." in key]
        known += ["session", "run", "output", "backends", "default_backend"]
    close = get_close_matches(str(location[-1]), known, n=1)
    return f"did you mean `{close[0]}`?" if close else None


def _line_of_mark(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f":{mark.line + 1}"


def _line_of_key(text: bytes, location: Sequence[int | str]) -> int | None:
    """The line on which the deepest known part of a key stands, counted from 1."""
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line: int | None = None
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
