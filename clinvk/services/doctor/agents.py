"""The agents: whether their programs run, their versions, and whether you are signed in."""

import os
from collections.abc import Iterator

from clinvk.model.finding import Finding
from clinvk.model.versions import VersionMatch
from clinvk.services.agents.catalog import unusable
from clinvk.services.agents.programs import install_hint
from clinvk.services.agents.project_files import programs_of_project
from clinvk.services.agents.states import BackendState, SignedIn
from clinvk.services.doctor.findings import Report, command, note, problem, warning
from clinvk.services.doctor.survey import Survey

_NAMED = 5
"""Number of files named in a finding."""

_VERSION_NOTES = {
    VersionMatch.NEWER: "newer than any version it was tested with",
    VersionMatch.OLDER: "older than any version it was tested with",
    VersionMatch.OTHER: "a version it was not tested with",
}


def check_agents(survey: Survey) -> Report:
    """Check every backend. One that is not installed is only counted, unless it is the default."""
    installed = (state for state in survey.backends if state.installed)
    named = [f"{state.name} {state.version or '?'}" for state in installed]
    remedy = "update the package that offers it, or uninstall it"
    return ", ".join(named), (
        *_none(survey),
        *(warning("plugin_unusable", sentence, remedy=remedy) for sentence in unusable()),
        *(finding for state in survey.backends for finding in _of(state, survey)),
    )


def _none(survey: Survey) -> Iterator[Finding]:
    """The agent that comes with clinvk does no real work, and is never the default."""
    get = survey.world.agents.get
    agents = [one for one in survey.backends if get(one.name).preference is not None]
    if survey.settings.get("default_backend") is None and not any(
        state.installed and state.enabled for state in agents
    ):
        remedy = install_hint([get(state.name) for state in agents])
        yield problem("no_agent", "no coding agent is installed", remedy=remedy)


def _of(state: BackendState, survey: Survey) -> Iterator[Finding]:
    chosen = survey.settings.get("default_backend") == state.name
    if not state.enabled:
        yield _switched_off(state, survey, chosen=chosen)
        return
    if state.program is None:
        yield from _not_there(state, survey, chosen=chosen)
        return
    if state.fault is not None:
        yield (problem if state.broken else warning)(
            "backend_broken" if state.broken else "backend_version_unknown",
            f"`{state.name}` does not report its version: {state.fault}",
            where=state.program[0],
            remedy=f"install it again: {state.install_hint}",
        )
    if state.version_match is VersionMatch.TOO_OLD:
        yield (problem if chosen or state.is_default else warning)(
            "backend_too_old",
            f"`{state.name}` {state.version} is too old: clinvk needs {state.oldest_version} or"
            " later",
            where=state.program[0],
            remedy=f"update it: {state.install_hint}",
        )
    if why := _VERSION_NOTES.get(state.version_match):
        yield note(
            "backend_version_untested",
            f"`{state.name}` {state.version} is {why}: {', '.join(state.tested_versions)}",
            where=state.program[0],
        )
    yield from _named_by_project(state, survey)
    if state.signed_in is SignedIn.UNKNOWN:
        world = survey.world
        way = world.agents.get(state.name).way_to_sign_in(world.user_home, world.environ)
        yield note(
            "sign_in_unknown",
            f"whether you are signed in to {state.title} is not known: no login file, no key",
            remedy=f"if a prompt fails with exit status 7, {way}",
        )


def _named_by_project(state: BackendState, survey: Survey) -> Iterator[Finding]:
    """The programs that the repository around the working directory can make an agent run."""
    world = survey.world
    files = list(programs_of_project(survey.world.agents.get(state.name), world.cwd, world))
    if files:
        more = f" and {len(files) - _NAMED:,} more" * (len(files) > _NAMED)
        yield note(
            "project_names_programs",
            f"the repository here can name programs for `{state.name}` to run",
            where=f"{', '.join(map(str, files[:_NAMED]))}{more}",
            remedy="read them before you trust the repository; `--access read-only` runs none",
        )


def _switched_off(state: BackendState, survey: Survey, *, chosen: bool) -> Finding:
    key = f"backends.{state.name}.enabled"
    return (problem if chosen else note)(
        "backend_disabled",
        f"`{state.name}` is switched off{', and is the default backend' * chosen}",
        where=_source(survey, key),
        command=command("clinvk", "config", "set", key, "true"),
    )


def _not_there(state: BackendState, survey: Survey, *, chosen: bool) -> Iterator[Finding]:
    binary = survey.settings.backend(state.name, "binary")
    if binary:
        yield _bad_binary(state.name, str(binary), survey)
    elif chosen:
        yield problem(
            "default_backend_missing",
            f"the default backend `{state.name}` is not installed",
            where=_source(survey, "default_backend"),
            remedy=f"install it: {state.install_hint}",
            command=_unset(survey, "default_backend"),
        )


def _bad_binary(name: str, binary: str, survey: Survey) -> Finding:
    key = f"backends.{name}.binary"
    home = survey.world.user_home
    path = home / binary[2:] if binary.startswith("~/") else survey.world.cwd / binary
    closed = "/" in binary and path.is_file() and not os.access(path, os.X_OK)
    return problem(
        "binary_not_executable" if closed else "binary_missing",
        f"the program of `{name}`, as configured, "
        + ("cannot be executed" if closed else "does not exist"),
        where=f"{binary} ({_source(survey, key)})",
        command=command("chmod", "u+x", path) if closed else _unset(survey, key),
    )


def _source(survey: Survey, key: str) -> str | None:
    setting = survey.settings.values.get(key)
    return setting.source if setting else None


def _unset(survey: Survey, key: str) -> str:
    """The command that removes the setting where it was made."""
    source = _source(survey, key) or ""
    if source in survey.world.environ:
        return command("unset", source)
    return command("clinvk", "config", "unset", key)
