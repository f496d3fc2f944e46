"""Adds one of the declarations that come with clinvk to the user's configuration."""

from pathlib import Path

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.model.config import declared_names
from clinvk.model.declared import Example
from clinvk.services.agents.catalog import undeclared_names
from clinvk.services.config.edit import config_file
from clinvk.services.config.settings import effective_settings
from clinvk.services.world import World
from clinvk.store.config import examples


class Added(Struct, frozen=True, kw_only=True):
    """An example that is in the configuration now."""

    example: Example
    file: Path


def all_examples() -> tuple[Example, ...]:
    """The examples, in alphabetical order."""
    return tuple(map(examples.example, examples.example_names()))


def add_example(name: str, world: World) -> Added:
    """Add the example to the user's own configuration file, which is created if needed.

    Raises `UsageError` if there is no such example or a backend has its name, and `ConfigError` or
    `StoreError` if the file cannot be changed; it is then unchanged.
    """
    if name in undeclared_names():
        raise UsageError(
            f"`{name}` needs no declaration: clinvk has its own",
            hint=f"`clinvk backends {name}` shows how to install it",
        )
    if name not in (known := examples.example_names()):
        from difflib import get_close_matches  # only for an error

        close = get_close_matches(name.lower()[:100], known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"one of: {', '.join(known)}"
        raise UsageError(f"there is no example `{name}`", hint=hint)
    if name in declared_names(effective_settings(world).values):
        raise UsageError(
            f"there is already a backend `{name}`",
            hint=f"`clinvk config edit` opens the file; `clinvk backends test {name}` tests it",
        )
    added = examples.example(name)
    config_file(world).add_backend(name, added.text)
    return Added(example=added, file=world.config_file)
