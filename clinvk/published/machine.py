"""The JSON output of `backends`, `backends test`, `doctor` and `config`."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinvk import __version__
from clinvk.model.config import Setting, nest, null_means
from clinvk.model.finding import Examination
from clinvk.model.trial import Verdict
from clinvk.published import chosen
from clinvk.store.config.values import value_to_yaml

if TYPE_CHECKING:
    from clinvk.model.declared import Example
    from clinvk.services.agents.states import BackendState
    from clinvk.services.config.edit import Change


def backend_to_json(state: "BackendState") -> dict[str, Any]:
    """One agent in the list."""
    return {
        **chosen(state, "name", "title", "installed", "enabled"),
        "default": state.is_default,
        **chosen(state, "program", "version"),
        "version_fault": state.fault,
        "version_drift": state.version_match,
        **chosen(
            state, "tested_versions", "oldest_version", "signed_in", "supports", "lacks", "ways"
        ),
        "install_hint": state.install_hint,
    }


def example_to_json(example: "Example") -> dict[str, Any]:
    """A declaration that comes with clinvk; `tested` is null for an untested one."""
    return chosen(example, "name", "title", "install", "tested", "differs")


def trial_to_json(name: str, verdicts: Sequence[Verdict], *, ok: bool) -> dict[str, Any]:
    """The trial of one agent."""
    return {
        "schema": 1,
        "backend": name,
        "ok": ok,
        "checks": [
            {"check": one.promise, "meaning": one.promise.meaning, **chosen(one, "held", "detail")}
            for one in verdicts
        ],
    }


def examination_to_json(examination: Examination) -> dict[str, Any]:
    """Everything that `doctor` checked, found and repaired."""
    return {
        "schema": 1,
        "ok": examination.ok,
        "clinvk": __version__,
        "python": platform.python_version(),
        "checks": [chosen(one, "area", "ok", "summary") for one in examination.checked],
        "findings": [
            {
                "area": checked.area,
                **chosen(one, "severity", "code", "message", "where", "remedy", "command"),
                "fixable": one.repair is not None,
                **chosen(one, "sessions"),
            }
            for checked in examination.checked
            for one in checked.findings
        ],
        **chosen(examination, "fixed", "unfixed"),
    }


def settings_to_json(settings: Mapping[str, Setting], *, origin: bool) -> Mapping[str, Any]:
    """The values in nested sections; with `origin`, an object with value and origin per key."""
    if origin:
        return {key: {"value": one.value, "origin": one.source} for key, one in settings.items()}
    return nest({key: one.value for key, one in settings.items()})


def change_to_json(change: "Change") -> Mapping[str, Any]:
    """What `config set` and `unset` did; `old` and `new` are null if they are unknown."""
    return {
        "key": change.key,
        "file": str(change.file),
        "old": change.old and change.old.value,
        "new": change.new and change.new.value,
        **chosen(change, "overridden_by"),
    }


def settings_to_yaml(
    settings: Mapping[str, Setting], *, origin: bool, default: str | None = None
) -> Iterator[str]:
    """The lines of a file with these values; with `origin`, a comment has the source of each.

    The comment of a null says what it stands for; `default` is the backend that is used then.
    """
    opened: list[str] = []
    for key, setting in settings.items():
        *sections, last = key.split(".")
        for depth, section in enumerate(sections):
            if opened[: depth + 1] != sections[: depth + 1]:
                yield f"{'  ' * depth}{section}:\n"
        opened = sections
        means = null_means(key) if setting.value is None else ""
        if means and key == "default_backend":
            means += f" ({default or 'there is none'})"
        told = ": ".join(filter(None, (setting.source if origin else "", means)))
        comment = f"  # {told}" if told else ""
        yield f"{'  ' * len(sections)}{last}: {value_to_yaml(setting.value)}{comment}\n"
