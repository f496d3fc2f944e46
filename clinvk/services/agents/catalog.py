"""Which backends there are for one person: clinvk's, other packages', and those they declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.errors import BackendUnknownError
from clinvk.model.config import DECLARED, Settings, declared_names
from clinvk.model.events import Json


@dataclass(frozen=True, slots=True)
class Catalog:
    """The backends by name. `declared` are the forms of those that the configuration declares."""

    declared: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Every name, the declared ones last; imports no backend."""
        return (*backends.names(), *self.declared)

    def get(self, name: str) -> Backend:
        """The backend of that name; `BackendUnknownError` if there is none."""
        if name in self.declared:
            from clinvk.agents.declared.backend import declared

            return declared(name, self.declared[name])
        try:
            return backends.get(name)
        except BackendUnknownError as error:
            if name in backends.names() or not self.declared:
                raise
            raise BackendUnknownError(
                error.message, hint=f"one of: {', '.join(self.names())}"
            ) from error

    def troubles(self) -> tuple[str, ...]:
        """Why other packages' backends cannot be used, a sentence each; imports all of those."""
        found = list(backends.plugins_passed_by())
        for name in backends.names():
            if name not in backends.built_in():
                try:
                    backends.get(name)
                except BackendUnknownError as error:
                    found.append(error.message)
        return tuple(found)


BUILT_IN = Catalog()
"""Without any declared backend."""


def catalog_of(settings: Settings) -> Catalog:
    """The catalog that the settings make."""
    values = settings.values
    return Catalog(
        {name: values[f"backends.{name}{DECLARED}"].value for name in declared_names(values)}
    )
