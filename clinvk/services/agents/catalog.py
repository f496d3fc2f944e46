"""The catalogue of agents: clinvk's own, those of other packages, and those a person declared.

Services and commands look an agent up in `World.agents` and nowhere else, so that none of them
knows only some. Nothing else of services or cli imports `clinvk.agents.registry`.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from clinvk.agents import registry
from clinvk.errors import BackendUnknownError, ConfigError

if TYPE_CHECKING:
    from clinvk.agents.base import Backend
    from clinvk.model.config import Settings
    from clinvk.model.events import Json

built_in = registry.built_in
undeclared_names = registry.names
"""The agents that no configuration is needed for; it cannot declare another of that name."""


class Catalog:
    """Every agent there is for one person, by name.

    `settings` are asked only for a name that no other agent has: what needs no declared agent
    reads no configuration, and works with one that is invalid.
    """

    def __init__(self, settings: "Callable[[], Settings]") -> None:
        self._settings = settings

    def __contains__(self, name: str) -> bool:
        """Whether there is an agent of that name; may raise `ConfigError`, as all here."""
        return name in built_in() or name in undeclared_names() or name in self._declared()

    def names(self) -> tuple[str, ...]:
        """Every name, the declared ones last; imports no agent."""
        return (*undeclared_names(), *self._declared())

    def get(self, name: str) -> "Backend":
        """The agent of that name; `BackendUnknownError` if there is none or it cannot be loaded."""
        if name in built_in() or name in undeclared_names():
            return registry.get(name)
        if form := self._declared().get(name):
            from clinvk.agents.declared.backend import declared

            return declared(name, form)
        try:
            return registry.get(name)
        except BackendUnknownError as error:
            if not self._declared():
                raise
            raise BackendUnknownError(
                error.message, hint=f"one of: {', '.join(self.names())}"
            ) from error

    def find(self, name: str) -> "Backend | None":
        """As `get`, but None where it cannot be had: for what works without, only not as well."""
        try:
            return self.get(name)
        except (BackendUnknownError, ConfigError):
            return None

    def _declared(self) -> "Mapping[str, Mapping[str, Json]]":
        from clinvk.model.config import DECLARED, declared_names

        values = self._settings().values
        return {name: values[f"backends.{name}{DECLARED}"].value for name in declared_names(values)}


def unusable() -> tuple[str, ...]:
    """Why other packages' agents cannot be used, a sentence each; imports all of those."""
    found = list(registry.unused_plugins())
    for name in undeclared_names():
        if name not in built_in():
            try:
                registry.get(name)
            except BackendUnknownError as error:
                found.append(error.message)
    return tuple(found)
