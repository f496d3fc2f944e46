"""What can be told of the backends, with stand-ins for the agents' programs."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.agents import registry as backends
from clinvk.model.config import Setting, Settings
from clinvk.services.agents.states import BackendState, SignedIn, backend_states
from clinvk.services.config.settings import effective_settings
from clinvk.services.world import World

Install = Callable[[str, str], Path]


@pytest.fixture
def here(world: World, tmp_path: Path) -> World:
    """A PATH with one folder for stand-ins and the shell."""
    (tmp_path / "bin").mkdir()
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    return replace(world, environ=environ, python=sys.executable)


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Put a stand-in for a backend's program on the PATH."""

    def put(name: str, script: str) -> Path:
        program = tmp_path / "bin" / backends.get(name).executable
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        return program

    return put


@pytest.fixture
def name() -> str:
    """A backend that would be the default."""
    known = (backends.get(one) for one in backends.names())
    return min((one.preference, one.name) for one in known if one.preference)[1]


def _state(world: World, name: str, settings: Settings | None = None) -> BackendState:
    # On a busy machine a flood of lines may take longer than a person would wait.
    states = backend_states(settings or effective_settings(world), world, patience_s=60)
    return {state.name: state for state in states}[name]


def test_every_backend_is_there_whether_installed_or_not(here: World) -> None:
    """By name, each with the way to install it."""
    states = backend_states(effective_settings(here), here)
    assert [state.name for state in states] == list(backends.names())
    assert all(state.title and state.install_hint for state in states)
    assert [state.name for state in states if state.installed] == ["demo"]
    assert not any(state.is_default for state in states)


def test_the_demo_has_a_version_and_needs_no_sign_in(here: World) -> None:
    """It comes with clinvk, so this is true on every machine."""
    state = _state(here, "demo")
    assert state.version == "1"
    assert state.version in state.tested_versions
    assert state.signed_in is SignedIn.NOT_NEEDED
    assert "cost" in state.lacks


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ('[ "$*" = --version ] && echo "2.1.197 (The Agent)"', "2.1.197"),
        ("echo; echo 'agent-cli 0.169.0-alpha.1'", "0.169.0-alpha.1"),
        ("echo v22.1", "22.1"),
        ("echo 'Agent CLI 1.0.102.'; echo 'Run it.'", "1.0.102"),
        ("echo no figure at all", None),
        ("echo 1.2.3; exit 3", None),
        ("echo 1.2.3 >&2", None),
        ("cat; echo 1.2.3", "1.2.3"),
        ("printf '\\377\\000\\033[31m1.2.3'", "1.2.3"),
        ("yes x | head -c 300000; echo 1.2.3", "1.2.3"),
    ],
)
def test_a_version_is_what_the_program_says_of_itself(
    here: World, install: Install, name: str, script: str, version: str | None
) -> None:
    """On stdout and with success; what makes no sense is no version."""
    program = install(name, script)
    state = _state(here, name)
    assert (state.version, state.program) == (version, (str(program),))
    assert state.is_default


def test_a_program_that_hangs_costs_some_seconds_and_no_more(
    here: World, install: Install, name: str
) -> None:
    """It is stopped with what it started, else this would hang; its version is not known."""
    install(name, "sleep 300 & sleep 300")
    states = backend_states(effective_settings(here), here, patience_s=0.5)
    assert {state.version for state in states if state.name == name} == {None}


def test_a_program_that_cannot_be_started_is_there_without_a_version(
    here: World, install: Install, name: str
) -> None:
    """A broken installation is shown, not a reason to show nothing."""
    install(name, "").write_text("#!/no/such/interpreter\n")
    state = _state(here, name)
    assert (state.installed, state.version) == (True, None)


def test_a_backend_that_is_switched_off_is_shown_so(
    here: World, install: Install, name: str
) -> None:
    """It is installed and not the default."""
    install(name, "echo 1.2.3")
    settings = Settings(
        {**effective_settings(here).values, f"backends.{name}.enabled": Setting(value=False)}
    )
    state = _state(here, name, settings)
    assert (state.installed, state.enabled, state.is_default) == (True, False, False)


@pytest.mark.parametrize("name", backends.names())
def test_a_sign_in_is_reported_if_it_can_be_seen(here: World, name: str) -> None:
    """A key in the environment or a file of a login means yes; without them it is unknown."""
    signs = backends.get(name).sign_in(here.user_home, here.environ)
    assert signs is not None
    if not signs.needed:
        assert _state(here, name).signed_in is SignedIn.NOT_NEEDED
        return
    assert signs.variables or signs.files
    for variable in signs.variables:
        for value, told in (("key", SignedIn.YES), ("", SignedIn.UNKNOWN)):
            there = replace(here, environ={**here.environ, variable: value})
            assert _state(there, name).signed_in is told
    for file in signs.files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.mkdir()
        assert _state(here, name).signed_in is SignedIn.UNKNOWN
        file.rmdir()
        file.write_text("{}")
        assert _state(here, name).signed_in is SignedIn.YES
        file.unlink()
