"""The catalogue of agents: built-in, from other packages, and declared in the configuration.

Services and commands find agents only through `World.agents`, so that all of them know every agent.
Nothing else in services or cli imports `clinvk.agents.registry`.
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
"""The agents that need no configuration; it cannot declare another one with the same name."""


class Catalog:
    """All agents by name.

    `settings` is called only for a name that may be a declared agent, so that all other agents
    also work with an invalid configuration.
    """

    def __init__(self, settings: "Callable[[], Settings]") -> None:
        self._settings = settings

    def __contains__(self, name: str) -> bool:
        """Whether there is an agent with this name; may raise `ConfigError`, like all methods."""
        return name in built_in() or name in undeclared_names() or name in self._declared()

    def names(self) -> tuple[str, ...]:
        """All names, the declared ones last; imports no agent."""
        return (*undeclared_names(), *self._declared())

    def get(self, name: str) -> "Backend":
        """The agent with this name; `BackendUnknownError` if it is unknown or cannot be loaded."""
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
            from clinvk.model.names import nearest

            raise BackendUnknownError(error.message, hint=nearest(name, self.names())) from error

    def find(self, name: str) -> "Backend | None":
        """Like `get`, but None on an error, for callers that also work without the agent."""
        try:
            return self.get(name)
        except (BackendUnknownError, ConfigError):
            return None

    def _declared(self) -> "Mapping[str, Mapping[str, Json]]":
        from clinvk.model.config import DECLARED, declared_names

        values = self._settings().values
        return {name: values[f"backends.{name}{DECLARED}"].value for name in declared_names(values)}


def unusable() -> tuple[str, ...]:
    """One sentence for each agent of another package that cannot be used; imports all of them."""
    found = list(registry.unused_plugins())
    for name in undeclared_names():
        if name not in built_in():
            try:
                registry.get(name)
            except BackendUnknownError as error:
                found.append(error.message)
    return tuple(found)
