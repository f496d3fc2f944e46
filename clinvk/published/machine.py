"""The JSON output of `backends`, `backends test`, `doctor` and `config show`."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinvk import __version__
from clinvk.model.config import Setting, nest
from clinvk.model.finding import Checked, Examination, Finding, Severity
from clinvk.model.trial import Verdict
from clinvk.store.config.values import value_to_yaml

if TYPE_CHECKING:
    from clinvk.services.agents.states import BackendState


def backend_to_json(state: "BackendState") -> dict[str, Any]:
    """One agent in the list."""
    return {
        "name": state.name,
        "title": state.title,
        "installed": state.installed,
        "enabled": state.enabled,
        "default": state.is_default,
        "program": list(state.program) if state.program else None,
        "version": state.version,
        "version_fault": state.fault,
        "version_drift": state.version_match.value,
        "tested_versions": list(state.tested_versions),
        "signed_in": state.signed_in.value,
        "supports": list(state.supports),
        "lacks": dict(state.lacks),
        "ways": dict(state.ways),
        "install_hint": state.install_hint,
    }


def trial_to_json(name: str, verdicts: Sequence[Verdict], *, ok: bool) -> dict[str, Any]:
    """The trial of one agent."""
    return {
        "schema": 1,
        "backend": name,
        "ok": ok,
        "checks": [
            {
                "check": verdict.promise.value,
                "meaning": verdict.promise.meaning,
                "held": verdict.held.value,
                "detail": verdict.detail,
            }
            for verdict in verdicts
        ],
    }


def examination_to_json(examination: Examination) -> dict[str, Any]:
    """Everything that `doctor` checked, found and repaired."""
    return {
        "schema": 1,
        "ok": examination.ok,
        "clinvk": __version__,
        "python": platform.python_version(),
        "checks": [_check_to_json(one) for one in examination.checked],
        "findings": [_finding_to_json(one) for one in examination.findings],
        "fixed": list(examination.fixed),
        "unfixed": list(examination.unfixed),
    }


def _check_to_json(checked: Checked) -> dict[str, Any]:
    well = all(found.severity is Severity.NOTE for found in checked.findings)
    return {"area": checked.area.value, "ok": well, "summary": checked.summary}


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        "area": finding.area.value,
        "severity": finding.severity.value,
        "code": finding.code,
        "message": finding.message,
        "where": finding.where,
        "remedy": finding.remedy,
        "command": finding.command,
        "fixable": finding.repair is not None,
        "sessions": list(finding.sessions),
    }


def settings_to_json(settings: Mapping[str, Setting], *, origin: bool) -> Mapping[str, Any]:
    """The values in nested sections; with `origin`, an object with value and origin per key."""
    if origin:
        return {key: {"value": one.value, "origin": one.source} for key, one in settings.items()}
    return nest({key: one.value for key, one in settings.items()})


def settings_to_yaml(settings: Mapping[str, Setting], *, origin: bool) -> Iterator[str]:
    """The lines of a file with these values; with `origin`, a comment has the source of each."""
    opened: list[str] = []
    for key, setting in settings.items():
        *sections, last = key.split(".")
        shared = _shared(opened, sections)
        for depth in range(shared, len(sections)):
            yield f"{'  ' * depth}{sections[depth]}:\n"
        opened = sections
        comment = f"  # {setting.source}" if origin else ""
        yield f"{'  ' * len(sections)}{last}: {value_to_yaml(setting.value)}{comment}\n"


def _shared(one: list[str], other: list[str]) -> int:
    """The number of equal sections at the start of both."""
    count = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        count += 1
    return count
