"""The real `clinvk` and the real agents, with a mock model on loopback behind them.

Without Node these tests are skipped with the reason, unless `CI=true` or `CLINVK_REQUIRE_E2E=1`:
then they fail. A test that asks for `backend` runs once for each agent; one that wants another
version of an agent marks itself with `@pytest.mark.parametrize("claude", ["claude-next"])`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.agents import Agents, AgentsMissingError, install_agents, must_run
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel

BACKENDS = ("claude", "codex", "gemini", "opencode", "qwen")


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
def home(tmp_path: Path, server: MockModel, agents: Agents, claude: str) -> AgentHome:
    """A HOME with the agents and nothing else, for this test alone."""
    return AgentHome(tmp_path, server, agents, claude=claude)


@pytest.fixture
def clinvk(home: AgentHome) -> Command:
    """The installed `clinvk` in that home."""
    return Command(home)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of one backend; the test runs once for each."""
    return str(request.param)
