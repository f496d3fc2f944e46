"""What a repository makes an agent run is found however its files spell it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.agents import registry as backends
from clinvk.errors import BackendUnsupportedError
from clinvk.model.agent_facts import ProjectFile
from clinvk.services.agents.project_files import programs_of_project, refuse_programs_of_project
from clinvk.services.world import World

KEYS = ("plugin", "extensions", "mcp", "hooks", "command", "mcpServers", "!{", "!`")
WITH_WORDS = [
    (name, one)
    for name in backends.built_in()
    for one in backends.get(name).project_files
    if one.says and Path(one.pattern).suffix  # names in `.env` have no escapes
]


def written(one: ProjectFile, key: str, folder: Path) -> Path:
    """A file of that pattern with the key in it."""
    file = folder / one.pattern.replace("*", "any")
    file.parent.mkdir(parents=True, exist_ok=True)
    texts = {".md": f'---\n"{key}": x\n---\n', ".toml": f'"{key}" = "{key}"\n'}
    file.write_text(texts.get(file.suffix, f'{{"{key}": ["./trap.js"]}}'))
    return file


def found(name: str, file: Path, world: World) -> bool:
    """Whether the file is among those that can name programs."""
    return file in programs_of_project(backends.get(name), world.cwd, world)


@pytest.fixture
def project(world: World, tmp_path: Path) -> World:
    """The world of a repository."""
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    return replace(world, cwd=root)


@pytest.mark.parametrize(("name", "one"), WITH_WORDS)
def test_an_escaped_spelling_is_found(name: str, one: ProjectFile, project: World) -> None:
    """As JSON, TOML and YAML read it; a harmless file of the same form is not."""
    file = written(one, "harmless", project.cwd)
    assert not found(name, file, project)
    plain = [key for key in KEYS if found(name, written(one, key, project.cwd), project)]
    assert plain
    for key in plain:
        for escaped in (f"\\u{ord(key[0]):04x}{key[1:]}", f"{key[:-1]}\\u{ord(key[-1]):04X}"):
            assert found(name, written(one, escaped, project.cwd), project), escaped


@pytest.mark.parametrize("key", [r"\x68ooks", r"h\U0000006Foks", "ho\\\n  oks"])
def test_a_spelling_of_yaml_is_found(key: str, project: World) -> None:
    """Which has more of them than JSON."""
    one = ProjectFile(".claude/agents/*.md")
    assert found("claude", written(one, key, project.cwd), project)


@pytest.mark.parametrize("pattern", ["opencode.json", ".opencode/opencode.jsonc"])
@pytest.mark.parametrize(
    "text",
    [
        '{"\\u0070lugin": ["./trap.js"]}',
        '{"plug{env:NOT_SET}in": ["./trap.js"]}',
        '{"{file:key.txt}" /* so */ : ["./trap.js"]}',
        '{"a": {env:NOT_SET}}',
        "{",
        '{"a": 1}' + " " * 5_000_000,
    ],
    ids=["escape", "variable", "file", "outside", "broken", "large"],
)
def test_a_read_only_turn_is_refused(pattern: str, text: str, project: World) -> None:
    """Also where nobody can say what the agent will make of the file."""
    file = project.cwd / pattern
    file.parent.mkdir(exist_ok=True)
    file.write_text('{"model": "{env:MODEL}", "$schema": "{file:a}",}')
    refuse_programs_of_project(backends.get("opencode"), project.cwd, project, {})
    file.write_text(text)
    with pytest.raises(BackendUnsupportedError, match=r"opencode\.json"):
        refuse_programs_of_project(backends.get("opencode"), project.cwd, project, {})


@pytest.mark.parametrize("text", ["", "\\uD800 \\UFFFFFFFF \\u12 \\"])
def test_an_invalid_escape_does_no_harm(text: str, project: World) -> None:
    """Any text can be searched."""
    file = project.cwd / ".claude" / "agents" / "a.md"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert not found("claude", file, project)


@pytest.mark.parametrize(
    ("trusted", "refused"),
    [
        ("{{}}", False),
        ('// managed\n{{"trustedFolders": ["{parent}"]}}', True),
        ('{{"trustedFolders": ["{root}"]}}', True),
        ('{{"trustedFolders": ["{root}/src", "/elsewhere"]}}', False),
        ("not JSON", True),
    ],
)
def test_what_runs_only_where_it_is_trusted_is_refused_only_there(
    project: World, trusted: str, *, refused: bool
) -> None:
    """A folder trusts what is below it; a file that cannot be read may trust all of them."""
    backend = backends.get("copilot")
    (project.cwd / ".github" / "hooks").mkdir(parents=True)
    (project.cwd / ".github" / "hooks" / "trap.json").write_text("{}")
    text = trusted.format(root=project.cwd, parent=project.cwd.parent)
    for name in ("config.json", "settings.json"):
        if refused:
            with pytest.raises(BackendUnsupportedError, match="hooks"):
                refuse_programs_of_project(backend, project.cwd, project, {name: text})
        else:
            refuse_programs_of_project(backend, project.cwd, project, {name: text})
