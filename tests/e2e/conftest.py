"""The real `clinvk` and the real agents, with a mock model on loopback behind them.

Without Node these tests are skipped with the reason, unless `CI=true` or `CLINVK_REQUIRE_E2E=1`:
then they fail. One that wants another version of an agent marks itself with
`@pytest.mark.parametrize("claude", ["claude-next"])`.

A test that asks for `backend` runs once for each agent: in the long form for all of them, in the
gate for `WHOLE`, and for every agent if it is marked `every_agent`. An agent's turn takes seconds
to start, and so each further agent adds the core alone to the gate. `long_form` leaves a test, or
some of its cases, to the long form.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.agents import Agents, AgentsMissingError, install_agents, must_run
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.setups import SETUPS

_HERE = Path(__file__).parent

BACKENDS = tuple(SETUPS)
WHOLE = ("claude", "codex")
"""The agents for which all tests are in the gate."""
_OTHER_VERSIONS = ("claude-next",)
"""Versions of an agent for which only the core is, and what is of interest for them alone."""


def pytest_configure(config: pytest.Config) -> None:
    """The markers of ours."""
    for line in (
        (
            "every_agent(part, slow): in the gate for every agent, where the id has that part;"
            " for slow agents too, unless slow is False"
        ),
        "long_form(*parts): only in the long form, where the test's id has one of the parts",
    ):
        config.addinivalue_line("markers", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the long form what is neither core nor asked for by name (`::`, `-k`)."""
    named = config.option.keyword or any("::" in argument for argument in config.args)
    if named or config.getoption("--long"):
        return
    later = _of_the_long_form(items) | {item for item in items if _is_long(item)}
    items[:] = [item for item in items if item not in later]
    config.hook.pytest_deselected(items=list(later))


def _of_the_long_form(items: list[pytest.Item]) -> set[pytest.Item]:
    """The tests of all other agents that are not core; a test of theirs alone always is."""
    agents: dict[str, dict[pytest.Item, str]] = defaultdict(dict)
    for item in items:
        if item.path.is_relative_to(_HERE) and (agent := _agent_of(item)):
            agents[item.nodeid.partition("[")[0]][item] = agent
    return {
        item
        for of_a_test in agents.values()
        if not set(of_a_test.values()).isdisjoint(WHOLE)
        for item, agent in of_a_test.items()
        if agent not in WHOLE and not _is_core(item)
    }


def _agent_of(item: pytest.Item) -> str | None:
    """The agent that its parameters name, of several the one that is not in `WHOLE`."""
    call = getattr(item, "callspec", None)
    parameters = call.params.values() if call else ()
    named = [part for one in parameters for part in (one if isinstance(one, tuple) else (one,))]
    found = [agent for agent in (*BACKENDS, *_OTHER_VERSIONS) if agent in named]
    return max(found, key=lambda agent: agent not in WHOLE, default=None)


def _is_long(item: pytest.Item) -> bool:
    marks = item.iter_markers("long_form")
    return any(not mark.args or any(one in item.nodeid for one in mark.args) for mark in marks)


_SLOW = ("gemini", "opencode", "qwen", "vibe")
"""Agents whose turn takes 4 to 8 s of a processor: they leave out some of the core in the gate."""


def _is_core(item: pytest.Item) -> bool:
    slow = _agent_of(item) in _SLOW
    return any(
        all(part in item.nodeid for part in mark.args)
        and (mark.kwargs.get("slow", True) or not slow)
        for mark in item.iter_markers("every_agent")
    )


@pytest.fixture(scope="session")
def agents() -> Agents:
    """The agents' CLIs at their pinned versions; installed at the first use."""
    try:
        return install_agents(os.environ)
    except AgentsMissingError as error:
        if must_run(os.environ):
            pytest.fail(f"the agents' CLIs must be here and are not: {error}")
        pytest.skip(f"the agents' CLIs are not here: {error}")


@pytest.fixture
def server() -> Iterator[MockModel]:
    """A mock model of this test's own."""
    with MockModel() as running:
        yield running


@pytest.fixture
def claude() -> str:
    """Which of the installed claude versions answers to `claude`."""
    return "claude"


@pytest.fixture
def home(
    request: pytest.FixtureRequest, tmp_path: Path, server: MockModel, agents: Agents, claude: str
) -> AgentHome:
    """A HOME with the agents and nothing else, for this test alone.

    The tests of an agent that is left out on this machine are skipped, in CI too.
    """
    if why := agents.missing.get(_agent_of(request.node) or ""):
        pytest.skip(f"{_agent_of(request.node)} is left out: {why}")
    return AgentHome(tmp_path, server, agents, claude=claude)


@pytest.fixture
def clinvk(home: AgentHome) -> Command:
    """The installed `clinvk` in that home."""
    return Command(home)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of one backend; the test runs once for each."""
    return str(request.param)
