"""A read-only turn runs nothing that a repository's own settings name; looked for on disk."""

import json
import shutil
from pathlib import Path

import pytest

from bed.command import Command
from bed.hostile_repository import HostileRepository
from bed.mock_model import MockModel
from bed.setups.kimi import trust as trust_folder
from e2e.conftest import BACKENDS

AGENTS = (*BACKENDS, "claude-next")


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> str:
    """The name of one agent, of claude in both versions."""
    return str(request.param)


@pytest.fixture
def claude(agent: str) -> str:
    """The version of claude that the agent's name says."""
    return agent if agent.startswith("claude") else "claude"


@pytest.fixture
def name(agent: str) -> str:
    """The agent as a backend."""
    return agent.removesuffix("-next")


@pytest.fixture
def repository(clinvk: Command, tmp_path: Path) -> HostileRepository:
    """A repository that sets every trap, and that all agents trust as far as they can."""
    made = HostileRepository(tmp_path / "repository", tmp_path / "marks")
    with (clinvk.home.home / ".codex" / "config.toml").open("a") as config:
        config.write(f'\n[projects."{made.root}"]\ntrust_level = "trusted"\n')
    trusted = clinvk.home.home / ".pi" / "agent" / "trust.json"
    trusted.write_text(json.dumps({str(made.root.resolve()): True}))
    return made


def read(name: str, file: Path) -> str:
    """A prompt that has the agent read a file and search for something."""
    path = str(file)
    tools = {
        "claude": [("Read", {"file_path": path}), ("Grep", {"pattern": "one"})],
        "gemini": [("read_file", {"file_path": path}), ("grep_search", {"pattern": "one"})],
        "grok": [("read_file", {"target_file": path}), ("grep", {"pattern": "one"})],
        "kimi": [("Read", {"path": path}), ("Grep", {"pattern": "one"})],
        "opencode": [("read", {"filePath": path}), ("grep", {"pattern": "one"})],
        "pi": [("read", {"path": path}), ("grep", {"pattern": "one"})],
        "qwen": [("read_file", {"file_path": path}), ("grep_search", {"pattern": "one"})],
        "vibe": [("read_file", {"path": path})],
    }
    calls = "".join(f"[[tool:{tool}|{json.dumps(said)}]]" for tool, said in tools.get(name, []))
    return f"Read. {calls or f'[[run:cat {path}]]'}"


def trust(clinvk: Command, folder: Path) -> None:
    """Have copilot and grok trust the folder: only then they run what a repository names."""
    file = clinvk.home.home / ".copilot" / "config.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"// managed\n{json.dumps({'trustedFolders': [str(folder)]})}")
    file = clinvk.home.home / ".grok" / "trusted_folders.toml"
    file.write_text(f'[folders."{folder}"]\ntrusted = true\ndecided_at = 1\n')


def trust_of_vibe(clinvk: Command, repository: HostileRepository) -> None:
    """Have vibe trust it, which then runs it in every turn."""
    folders = json.dumps([str(repository.root)])
    file = clinvk.home.home / ".vibe" / "trusted_folders.toml"
    file.write_text(f"trusted = {folders}\nuntrusted = []\n")


def test_the_traps_work_without_read_only(
    clinvk: Command, name: str, repository: HostileRepository
) -> None:
    """Else the tests below would hold for an agent that reads no settings at all."""
    if name == "opencode":
        repository.remove_plugins()
        # It installs packages in there, and without a network waits for them for ever (1.18.33).
        shutil.rmtree(repository.root / ".opencode")
    access = "full" if name in {"copilot", "opencode"} else "edit"
    if name in {"copilot", "grok"}:
        trust(clinvk, repository.root)
    if name == "vibe":
        trust_of_vibe(clinvk, repository)
    if name == "kimi":
        trust_folder(clinvk.home.home, repository.root)
    prompt = read(name, repository.below / "main.ts")
    clinvk("-b", name, "--access", access, "--timeout", "30s", prompt, cwd=repository.root)
    assert repository.marks


@pytest.mark.every_agent("root")
@pytest.mark.parametrize("where", ["root", "below", "worktree"])
def test_read_only_runs_nothing_of_the_repositorys(
    clinvk: Command, name: str, repository: HostileRepository, tmp_path: Path, where: str
) -> None:
    """A new turn and a resumed one, wherever in it the agent works."""
    if name == "opencode":
        repository.remove_plugins()
    top = (
        repository.linked_worktree(tmp_path / "linked") if where == "worktree" else repository.root
    )
    cwd = top / "src" / "deep" if where == "below" else top
    prompt = read(name, top / "src" / "deep" / "main.ts")
    first = clinvk("-b", name, "--access", "read-only", "-o", "json", prompt, cwd=cwd).json()
    again = clinvk("-c", "-o", "json", prompt, cwd=cwd).json()
    assert (first["exit_status"], again["exit_status"]) == (0, 0), (first, again)
    assert again["resumed"]
    assert repository.marks == []


@pytest.mark.parametrize("agent", ["opencode"], indirect=True)
@pytest.mark.parametrize("where", ["root", "below", "worktree"])
def test_plug_ins_that_cannot_be_disabled_are_refused(
    clinvk: Command, name: str, repository: HostileRepository, tmp_path: Path, where: str
) -> None:
    """With any options, opencode 1.18.33 loads a repository's plug-ins."""
    top = (
        repository.linked_worktree(tmp_path / "linked") if where == "worktree" else repository.root
    )
    cwd = top / "src" / "deep" if where == "below" else top
    ran = clinvk("-b", name, "--access", "read-only", "-o", "json", "hello", cwd=cwd)
    error = ran.json()["error"]
    assert (ran.exit_code, error["code"]) == (5, "backend_unsupported")
    assert ".opencode/plugin" in error["message"]
    assert repository.marks == []


@pytest.mark.parametrize("agent", ["copilot", "grok"], indirect=True)
@pytest.mark.parametrize("where", ["below", "worktree"])
def test_a_repository_that_is_trusted_is_refused(
    clinvk: Command, name: str, repository: HostileRepository, tmp_path: Path, where: str
) -> None:
    """No option of copilot 1.0.102 or grok 1.0.41 keeps its hooks from running there."""
    trust(clinvk, repository.root)
    linked = where == "worktree"
    cwd = repository.linked_worktree(tmp_path / "linked") if linked else repository.below
    ran = clinvk("-b", name, "--access", "read-only", "-o", "json", "hello", cwd=cwd)
    error = ran.json()["error"]
    assert (ran.exit_code, error["code"]) == (5, "backend_unsupported")
    assert "runs programs that the repository names" in error["message"]
    assert repository.marks == []


@pytest.mark.parametrize(
    "agent", ["claude", "claude-next", "gemini", "opencode", "codex"], indirect=True
)
def test_the_persons_own_settings_still_hold_with_read_only(
    clinvk: Command, name: str, tmp_path: Path
) -> None:
    """What runs because the person says so is not the repository's."""
    mark = tmp_path / "own"
    home = clinvk.home.home
    hook = [{"matcher": "*", "hooks": [{"type": "command", "command": f"touch '{mark}'"}]}]
    if name == "claude":
        file = home / ".claude" / "settings.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"hooks": {"UserPromptSubmit": hook}}))
    elif name == "gemini":
        file = home / ".gemini" / "settings.json"
        file.write_text(
            json.dumps({**json.loads(file.read_text()), "hooks": {"BeforeAgent": hook}})
        )
    elif name == "codex":
        file = home / ".codex" / "config.toml"
        file.write_text(f'notify = ["touch", "{mark}"]\n{file.read_text()}')
    else:
        file = home / ".config" / "opencode" / "opencode.json"
        server = {"type": "local", "command": ["touch", str(mark)], "enabled": True}
        file.write_text(json.dumps({**json.loads(file.read_text()), "mcp": {"own": server}}))
    clinvk("-b", name, "--access", "read-only", "hello")
    assert mark.exists()


@pytest.mark.parametrize("agent", ["gemini"], indirect=True)
def test_a_key_that_the_person_keeps_in_a_file_is_found(
    clinvk: Command, name: str, server: MockModel
) -> None:
    """Gemini reads `~/.gemini/.env` only where it trusts the directory."""
    clinvk.home.sign_out()
    (clinvk.home.home / ".gemini" / ".env").write_text("export GEMINI_API_KEY='test-key' # mine\n")
    run = clinvk("-b", name, "--access", "read-only", "-o", "json", "hello").json()
    assert run["exit_status"] == 0, run
    assert server.requests
    shown = clinvk("-b", name, "--access", "read-only", "--dry-run", "hello")
    assert "GEMINI_API_KEY" in shown.stdout
    assert "test-key" not in shown.stdout + shown.stderr


@pytest.mark.parametrize("agent", ["vibe"], indirect=True)
@pytest.mark.parametrize("where", ["root", "below"])
def test_a_repository_that_the_agent_trusts_is_refused(
    clinvk: Command, name: str, repository: HostileRepository, where: str
) -> None:
    """Vibe 3.0.2 runs its hooks, tools and servers with any options."""
    trust_of_vibe(clinvk, repository)
    cwd = repository.root if where == "root" else repository.below
    ran = clinvk("-b", name, "--access", "read-only", "-o", "json", "hello", cwd=cwd)
    error = ran.json()["error"]
    assert (ran.exit_code, error["code"]) == (5, "backend_unsupported")
    assert ".vibe/" in error["message"]
    assert repository.marks == []


@pytest.mark.parametrize("agent", ["claude"], indirect=True)
def test_doctor_names_what_the_repository_brings(
    clinvk: Command, repository: HostileRepository, name: str
) -> None:
    """For each agent, from a directory of the repository as well; outside of it nothing."""
    del name
    said = clinvk("doctor", "--json", cwd=repository.below).json()["findings"]
    found = [one for one in said if one["code"] == "project_names_programs"]
    named = {name for name in BACKENDS if any(f"`{name}`" in one["message"] for one in found)}
    assert {*BACKENDS} - named == set(), found
    where = " ".join(one["where"] for one in found)
    for file in (".claude/settings.json", ".codex/config.toml", ".gemini/settings.json"):
        assert f"{repository.root}/{file}" in where
    assert repository.marks == []
    elsewhere = clinvk("doctor", "--json").json()["findings"]
    assert "project_names_programs" not in {one["code"] for one in elsewhere}


@pytest.mark.parametrize("agent", ["gemini"], indirect=True)
def test_doctor_names_an_env_file_where_the_agent_reads_it(clinvk: Command, name: str) -> None:
    """Gemini and qwen read the repository's own `.env`; one that makes nothing run is not named."""
    del name
    project = clinvk.home.project
    (project / ".git").mkdir()
    file = project / ".env"

    def named() -> list[tuple[str, str]]:
        said = clinvk("doctor", "--json").json()["findings"]
        found = [one for one in said if one["code"] == "project_names_programs"]
        return [(one["message"], one["where"]) for one in found]

    file.write_text("ENV=production\nDATABASE_URL=postgres://x\n")
    assert named() == []
    file.write_text("A=b\nexport BASH_ENV=./env.sh\n")
    found = named()
    assert {agent for agent in BACKENDS for message, _ in found if agent in message.lower()} == {
        "gemini",
        "qwen",
    }
    assert all(str(file) in where for _, where in found)


@pytest.mark.parametrize("agent", ["gemini"], indirect=True)
@pytest.mark.parametrize(("access", "runs"), [("full", True), ("read-only", False)])
def test_an_env_file_in_the_root_makes_nothing_run_with_read_only(
    clinvk: Command, name: str, tmp_path: Path, access: str, *, runs: bool
) -> None:
    """Gemini gives what it sets to every shell that it starts."""
    project, mark = clinvk.home.project, tmp_path / "mark"
    (project / "env.sh").write_text(f"touch {mark}\n")
    (project / ".env").write_text(f"BASH_ENV={project / 'env.sh'}\n")
    clinvk("-b", name, "--access", access, "[[run:bash -c true]]")
    assert mark.exists() is runs


_WIDER = {
    "claude": "--dangerously-skip-permissions",
    "codex": "--dangerously-bypass-approvals-and-sandbox",
    "copilot": "--allow-all",
    "droid": "--skip-permissions-unsafe",
    "gemini": "--yolo",
    "grok": "--always-approve",
    "kimi": "--yolo",
    "opencode": "--auto",
    "pi": "--approve",
    "qwen": "--yolo",
    "vibe": "--auto-approve",
}


@pytest.mark.every_agent
@pytest.mark.parametrize("agent", BACKENDS, indirect=True)
def test_a_configured_argument_that_asks_for_more_is_refused_before_anything_starts(
    clinvk: Command, name: str, server: MockModel
) -> None:
    """Exit 5 that names the argument, where it is from, and the access; no trace is left."""
    clinvk("config", "set", f"backends.{name}.extra_args", "--", _WIDER[name])
    ours = clinvk.home.clinvk_home  # it has a cache of the configuration afterwards
    before = {file for file in clinvk.home.home.rglob("*") if ours not in (file, *file.parents)}
    ran = clinvk("-b", name, "--access", "read-only", "-o", "json", "[[run:touch made]]")
    error = ran.json()["error"]
    assert (ran.exit_code, error["code"]) == (5, "backend_unsupported"), error
    for word in (_WIDER[name], f"backends.{name}.extra_args", "--access read-only"):
        assert word in error["message"]
    assert not server.requests
    assert list(clinvk.home.project.iterdir()) == []
    after = {file for file in clinvk.home.home.rglob("*") if ours not in (file, *file.parents)}
    assert after == before
    assert not list(ours.glob("sessions/*"))
    assert clinvk("sessions", "list", "--json").json() == []


@pytest.mark.parametrize("agent", ["codex"], indirect=True)
def test_a_rule_of_the_persons_own_lets_nothing_be_written_with_read_only(
    clinvk: Command, name: str
) -> None:
    """Codex's screen writes one down for each command that is allowed for good."""
    rules = clinvk.home.home / ".codex/rules"
    rules.mkdir()
    (rules / "default.rules").write_text('prefix_rule(pattern=["touch"], decision="allow")\n')
    for how in (["-b", name, "--access", "read-only"], ["-c"]):
        clinvk(*how, "[[run:touch made]]")
        assert list(clinvk.home.project.iterdir()) == []
    screen = clinvk("chat", "-b", name, "--access", "read-only", "--dry-run")
    assert screen.exit_code == 5
    assert "rules/*.rules" in screen.stderr


@pytest.mark.parametrize("agent", ["opencode"], indirect=True)
def test_settings_that_are_too_large_are_not_ignored(clinvk: Command, name: str) -> None:
    """Otherwise, what they forbid would be allowed."""
    file = clinvk.home.home / ".config/opencode/opencode.json"
    file.write_text(file.read_text() + " " * (5 << 20))
    ran = clinvk("-b", name, "--access", "edit", "[[write:made|x]]")
    assert ran.exit_code == 5
    assert str(file) in ran.stderr
