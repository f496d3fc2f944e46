"""Reads and checks `config.yaml`. An invalid file is an error with its place, and never ignored.

YAML and pydantic are imported only if there is something to check.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from clinvk.errors import ConfigError
from clinvk.model.config import DECLARED, flatten, nest
from clinvk.model.events import Json
from clinvk.store.files import reason, require_regular

if TYPE_CHECKING:
    from clinvk.store.config.errors import Problem
    from clinvk.store.config.yaml import Document

LARGEST = 1 << 20


def read_config(path: Path, *, must_exist: bool) -> bytes | None:
    """The text of the file; None if it does not exist. Raises `ConfigError`."""
    try:
        with open_config(path, wait=must_exist) as file:
            text = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        if not must_exist:
            return None
        raise ConfigError(f"there is no configuration file `{path}`") from None
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {reason(error)}") from error
    if len(text) > LARGEST:
        raise ConfigError(f"`{path}` is too large for a configuration file (more than 1 MiB)")
    return text


def open_config(path: Path, *, wait: bool) -> BinaryIO:
    """The open file. With `wait` it may be a pipe (`--config <(…)`), which may block.

    Without `wait`, for the file in the home, a pipe raises `OSError`.
    """
    if wait:
        return path.open("rb")
    descriptor = require_regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    return os.fdopen(descriptor, "rb")


def check_config(
    text: bytes, origin: str, backends: Collection[str] | None = None
) -> dict[str, Json]:
    """The checked values of a YAML text by `section.key`; `origin` names the text in errors.

    `backends` are the names of all backends; None skips their check. Raises `ConfigError` with
    file, line, key and what was expected.
    """
    from clinvk.store.config.errors import config_error

    document, values, problems = _examined(text, origin, backends)
    if problems:
        raise config_error([(_place(one, document, origin), one) for one in problems])
    return values


def problems_in(text: bytes, origin: str, backends: Collection[str]) -> list[str]:
    """All errors of a YAML text, one sentence each, in the order of the lines."""
    return [sentence for sentence, _ in faults_in(text, origin, backends)]


def faults_in(text: bytes, origin: str, backends: Collection[str]) -> list[tuple[str, str | None]]:
    """Like `problems_in`, each with its key; the key is None if the text is not valid YAML."""
    try:
        document, _, problems = _examined(text, origin, backends)
    except ConfigError as error:
        return [(error.message, None)]
    return [
        (f"{_place(one, document, origin)}: {_with_hint(one)}", ".".join(map(str, one.location)))
        for one in problems
    ]


def check_values(
    values: Mapping[str, Json], origins: Mapping[str, str], backends: Collection[str]
) -> dict[str, Json]:
    """Check the values of single keys; `origins` names each in errors. Raises `ConfigError`."""
    from pydantic import ValidationError

    from clinvk.store.config.errors import config_error, problems_of

    try:
        return _validated(nest(values), backends)
    except ValidationError as error:
        named = []
        for problem in problems_of(error, backends):
            place = ".".join(map(str, problem.location))
            key = next(key for key in values if f"{place}.".startswith(f"{key}."))
            named.append((origins[key], problem))
        raise config_error(named) from error


def lines_of(text: bytes, origin: str) -> dict[str, int]:
    """The line of each key, counted from 1, in a checked text."""
    from clinvk.store.config.yaml import read_document

    document = read_document(text, origin)
    lines = {key: document.line_of(tuple(key.split("."))) for key in flatten(document.sections())}
    return {key: line for key, line in lines.items() if line is not None}


def _examined(
    text: bytes, origin: str, backends: Collection[str] | None
) -> "tuple[Document, dict[str, Json], list[Problem]]":
    from pydantic import ValidationError

    from clinvk.store.config.errors import problems_of
    from clinvk.store.config.yaml import read_document

    document = read_document(text, origin)
    try:
        return document, _validated(document.value, backends), []
    except ValidationError as error:
        problems = problems_of(error, backends)
        return document, {}, sorted(problems, key=lambda one: document.line_of(one.location) or 0)


def _validated(nested: Any, backends: Collection[str] | None) -> dict[str, Json]:  # noqa: ANN401
    from clinvk.store.config.schema import Config

    context = {"backends": backends, "declared": _declared_in(nested)}
    config = Config.model_validate(nested, context=context)
    checked = flatten(config.model_dump(exclude_unset=True))
    for name in backends or ():
        # A version of clinvk may have a backend that an earlier one did not have.
        checked.pop(f"backends.{name}{DECLARED}", None)
    return checked


def unused_declarations(text: bytes, origin: str, backends: Collection[str]) -> dict[str, int]:
    """The backends declared in a valid text that are among these `backends`, with their lines.

    Their declarations are not used.
    """
    from clinvk.store.config.yaml import read_document

    document = read_document(text, origin)
    names = sorted(_declared_in(document.value) & {*backends})
    return {name: document.line_of(("backends", name)) or 0 for name in names}


def _declared_in(nested: Any) -> frozenset[str]:  # noqa: ANN401  not checked yet
    """The names of the backends that the configuration declares."""
    sections = nested.get("backends") if isinstance(nested, dict) else None
    if not isinstance(sections, dict):
        return frozenset()
    return frozenset(
        name for name, one in sections.items() if isinstance(one, dict) and one.get("declared")
    )


def _place(problem: "Problem", document: "Document", origin: str) -> str:
    line = document.line_of(problem.location)
    return f"{origin}:{line}" if line else origin


def _with_hint(problem: "Problem") -> str:
    return f"{problem.sentence}; {problem.hint}" if problem.hint else problem.sentence
