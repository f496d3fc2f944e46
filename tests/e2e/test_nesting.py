"""Agents inside agents, on the real CLIs: what is handed on to a child, and where it stops."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.command import Command
from bed.homes import AgentHome
from bed.setups import SETUPS
from clinvk.agents import registry as backends
from clinvk.model.request import TurnRequest

OF_ANY_AGENT = ("AI_AGENT", "AGENT")
"""Names without a maker, by which tools are told that an agent runs them."""

_NOT_A_STATE = re.compile(r"_HOME$|_API_KEY$|_CONFIG|_DIR$|_RETRIES$|_DISABLE_")
"""Settings of a person's, which a nested agent is to have as well."""


def handed_on(clinvk: Command, backend: str) -> dict[str, str]:
    """The environment of a shell command that the agent runs."""
    file = clinvk.home.project / "environment"
    ran = clinvk("-b", backend, "--access", "full", f"[[run:env > {file}]] go")
    assert ran.exit_code == 0, ran.stderr
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _, value in pairs}


def signs_of(backend: str, environ: dict[str, str], home: AgentHome) -> Iterator[str]:
    """The variables that say that this agent is around, none of which was there before."""
    for name in environ.keys() - home.env.keys():
        named = backend.upper() in name and not _NOT_A_STATE.search(name)
        if named or name in OF_ANY_AGENT or name in SETUPS[backend].signs:
            yield name


def test_an_agent_does_not_notice_that_it_runs_inside_another(
    clinvk: Command, home: AgentHome, backend: str
) -> None:
    """The variables with which an agent marks its children are removed."""
    invocation = backends.get(backend).invocation(TurnRequest(prompt="p", cwd=Path("/code")))
    signs = {*signs_of(backend, handed_on(clinvk, backend), home)} - invocation.env.keys()
    assert signs
    assert signs <= set(invocation.env_unset)


def test_variables_for_the_sign_in_are_kept(home: AgentHome, backend: str) -> None:
    """The variables with a key or an address are passed on."""
    unset = backends.get(backend).invocation(TurnRequest(prompt="p", cwd=Path("/code"))).env_unset
    assert not [name for name in unset if name in home.env]
    assert not [name for name in unset if re.search(r"_KEY$|_URL$|AUTH|_HOME$|PROXY", name)]


@pytest.mark.timeout(300)  # three agents one inside another, some take seconds to start
def test_an_agent_that_calls_itself_through_clinvk_is_stopped(
    clinvk: Command, home: AgentHome, backend: str, tmp_path: Path
) -> None:
    """Three runs, three sessions and no more; the fourth is refused with 9, and all of them end."""
    prompt, log = tmp_path / "prompt", tmp_path / "log"
    # codex gives its shell the PATH of a log-in, and copilot none of the variables of its provider.
    own = {name: value for name, value in home.env.items() if backend.upper() in name}
    given = " ".join(f"{name}={value}" for name, value in {**own, "PATH": home.env["PATH"]}.items())
    again = f"{given} {clinvk.program} -b {backend} --access full - < {prompt}"
    prompt.write_text(f"[[run:{again}; echo $? >> {log}]] go")
    said = prompt.read_text()
    ran = clinvk("-b", backend, "--access", "full", "-", stdin=said, timeout_s=240)
    assert ran.exit_code == 0, ran.stderr
    assert log.read_text().split() == ["9", "0", "0"]
    assert len(clinvk("sessions", "list", "--json").json()) == 3
