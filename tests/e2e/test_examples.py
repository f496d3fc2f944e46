"""Declarations that come with clinvk, and one of JSON lines, with real CLIs and a mock model."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bed.agents import AgentsMissingError, must_run
from bed.bare import bare_command
from bed.command import Command, Ran
from bed.example_agents import install_example, node_of
from bed.mock_model import MockModel
from clinvk.store.config.examples import example_names

OF_JSON_LINES = "pi-lines"

PATIENCE_S = 200
"""For one turn of a CLI that needs four seconds of a processor to start."""

# Each needs an installation of its own, of up to 700 MB.
pytestmark = [pytest.mark.timeout(3 * PATIENCE_S), pytest.mark.long_form]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def server() -> Iterator[MockModel]:
    """A mock model of this test's own."""
    with MockModel() as running:
        yield running


def lead_aider(home: Path, url: str) -> dict[str, str]:
    """Aider asks for prices on the network, unless it has a list that is fresh."""
    prices = home / ".aider" / "caches" / "model_prices_and_context_window.json"
    prices.parent.mkdir(parents=True)
    prices.write_text('{"openai/mock-1": {"max_input_tokens": 100000}}')
    return {
        "OPENAI_API_BASE": f"{url}/v1",
        "OPENAI_API_KEY": "test-key",
        "AIDER_MODEL": "openai/mock-1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


def lead_pi(home: Path, url: str) -> dict[str, str]:
    """Pi keeps providers and its default in files."""
    folder = home / ".pi" / "agent"
    folder.mkdir(parents=True)
    mock = {"baseUrl": f"{url}/v1", "api": "openai-completions", "apiKey": "test-key"}
    models = [{"id": "mock-1"}, {"id": "clinvk-no-such-model"}]
    (folder / "models.json").write_text(
        json.dumps({"providers": {"mock": {**mock, "models": models}}})
    )
    settings = {"defaultProvider": "mock", "defaultModel": "mock-1", "retry": {"enabled": False}}
    (folder / "settings.json").write_text(json.dumps(settings))
    return {"PI_OFFLINE": "1"}


LEAD: dict[str, Callable[[Path, str], dict[str, str]]] = {
    "aider": lead_aider,
    OF_JSON_LINES: lead_pi,
}


@pytest.fixture(params=["aider", OF_JSON_LINES])
def example(request: pytest.FixtureRequest) -> str:
    """The name of one example; the test runs once for each."""
    return str(request.param)


@pytest.fixture
def clinvk(tmp_path: Path, example: str, server: MockModel) -> Command:
    """The installed `clinvk` with that example as the whole configuration."""
    try:
        program = install_example(example.removesuffix("-lines"), os.environ)
    except AgentsMissingError as error:
        if must_run(os.environ):
            pytest.fail(f"the CLI of the example must be here and is not: {error}")
        pytest.skip(f"the CLI of the example is not here: {error}")
    command = bare_command(tmp_path)
    home = command.home
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / program.name).symlink_to(program)
    if node := node_of(program):
        (tmp_path / "bin" / "node").symlink_to(node)
    home.env |= LEAD[example](home.home, server.url)
    home.env["PATH"] = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    home.env |= {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": "127.0.0.1"}
    home.clinvk_home.mkdir(mode=0o700)
    if example in example_names():
        added = command("backends", "add", example)
        assert added.exit_code == 0, added
    else:
        shutil.copy(Path(__file__).with_name(f"{example}.yaml"), home.clinvk_home / "config.yaml")
    return command


def run(clinvk: Command, *words: str, cwd: Path | None = None) -> Ran:
    """One run, patiently."""
    return clinvk(*words, cwd=cwd, timeout_s=PATIENCE_S)


def test_the_trial_finds_nothing_that_fails(clinvk: Command, example: str) -> None:
    """Every promise is tried on the real CLI, and held; nothing comes into the project."""
    ran = clinvk("backends", "test", example, "--json", timeout_s=2 * PATIENCE_S)
    held = {one["check"]: (one["held"], one["detail"]) for one in ran.json()["checks"]}
    assert {outcome for outcome, _ in held.values()} == {"yes"}, held
    assert ran.exit_code == 0
    assert held["error"][1].startswith("model_unknown: ")
    assert held["gone"][1].startswith("conversation_gone: ")


def test_a_conversation_continues_and_the_project_is_unchanged(
    clinvk: Command, example: str, server: MockModel
) -> None:
    """`-b`, `-c`, another directory, and the exact figures where the CLI prints them."""
    remember = "Remember the word zebra. [[usage:in=70,out=7]]"
    first = run(clinvk, "-b", example, "-o", "json", remember)
    said = first.json()
    assert (said["exit_status"], said["backend"]) == (0, example), first
    assert said["text"].startswith("You said: Remember the word zebra."), said["text"]
    asked = "Which word did I ask you to remember?"
    assert run(clinvk, "-c", asked, cwd=clinvk.home.home).stdout == "zebra\n"
    assert list(clinvk.home.project.iterdir()) == []
    expected = {"aider": None, "pi-lines": 77}[example]
    assert said["usage"]["total_tokens"] == expected
    assert [bill.usage.input_tokens for bill in server.billed][:1] == [70]


def test_a_refusal_of_the_service_has_a_code(clinvk: Command, example: str) -> None:
    """Aider prints it among its answers and exits with 0; it is a failure anyway."""
    refused = run(clinvk, "-b", example, "[[error:401]] hello")
    assert refused.exit_code == 7, refused
    assert refused.stderr.count("error: ") == 1
    again = run(clinvk, "-c", "hello again")
    assert again.exit_code == 0, again
    assert again.stdout.startswith("You said: hello again")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("403", "auth"),
        ("429", "rate_limited"),
        ("429:insufficient_quota", "budget_limit"),
        ("500", "server_error"),
        ("529", "overloaded"),
        ("400", "agent_failed"),
        ("400:context_too_long", "context_too_long"),
    ],
)
@pytest.mark.parametrize("example", ["pi-lines"], indirect=True)  # aider retries for minutes
def test_each_refusal_of_the_service_has_its_code(
    clinvk: Command, example: str, error: str, code: str
) -> None:
    """By the HTTP status that the CLI prints, whatever follows it: `401 …` once, now `401: …`."""
    said = run(clinvk, "-b", example, "-o", "json", f"[[error:{error}]] hello").json()
    assert said["error"]["code"] == code, said


def test_a_timeout_ends_it_and_the_session_can_continue(clinvk: Command, example: str) -> None:
    """Exit 6 while the model is silent."""
    ran = run(clinvk, "-b", example, "--timeout", "6s", "[[hang]]")
    assert ran.exit_code == 6, ran
    assert run(clinvk, "-c", "hello").exit_code == 0


def test_a_file_is_written_where_it_may_be(clinvk: Command, example: str) -> None:
    """With leave to edit it is on disk; with read-only it is not."""
    level = {"aider": "edit", "pi-lines": "full"}[example]
    create = "Create a file named `new.txt` here, with the word OK in it."
    ran = run(clinvk, "-b", example, "--access", "read-only", "-o", "json", create).json()
    assert ran["exit_status"] == 0, ran
    assert not (clinvk.home.project / "new.txt").exists()
    ran = run(clinvk, "-b", example, "--access", level, "-o", "json", create).json()
    assert ran["exit_status"] == 0, ran
    assert (clinvk.home.project / "new.txt").read_text().strip() == "OK"
