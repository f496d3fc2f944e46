"""Backends of other packages, through the entry-point group `clinvk.backends`.

The packages are installed as an installer would leave them, into a folder on the Python path.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command

EXAMPLE = Path(__file__).with_name("example_plugin")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder on the Python path of `clinvk`."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def clinvk(tmp_path: Path, site: Path) -> Command:
    """The installed `clinvk` with the packages of `site`."""
    command = bare_command(tmp_path)
    command.home.env["PYTHONPATH"] = str(site)
    return command


def install(site: Path, name: str, offers: dict[str, str]) -> None:
    """What is left of a package once it is installed: its metadata."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{backend} = {where}" for backend, where in offers.items()]
    (info / "entry_points.txt").write_text("[clinvk.backends]\n" + "\n".join(lines) + "\n")


def install_example(site: Path) -> None:
    """The example package, by its own metadata."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(site, project["name"], project["entry-points"]["clinvk.backends"])
    shutil.copy(EXAMPLE / "clinvk_parrot.py", site)


def test_a_package_adds_a_backend(clinvk: Command, site: Path) -> None:
    """It runs, is listed, filters, has settings, and says what it cannot do."""
    install_example(site)
    ran = clinvk("-b", "parrot", "-o", "json", "hello").json()
    assert (ran["backend"], ran["text"], ran["exit_status"]) == ("parrot", "hello", 0)
    assert ran["usage"]["total_tokens"] is None
    states = {one["name"]: one for one in clinvk("backends", "--json").json()}
    assert states["parrot"]["title"] == "Parrot"
    assert states["parrot"]["installed"]
    [session] = clinvk("sessions", "list", "-b", "parrot", "--json").json()
    assert session["id"] == ran["session_id"]
    assert clinvk("config", "set", "backends.parrot.enabled", "false").exit_code == 0
    assert clinvk("-b", "parrot", "x").exit_code == 5
    assert clinvk("config", "unset", "backends.parrot.enabled").exit_code == 0
    env = {"CLINVK_BACKENDS_PARROT_MODEL": "grey"}
    refused = clinvk("-b", "parrot", "x", env=env)
    assert (refused.exit_code, "it is a parrot" in refused.stderr) == (5, True)
    assert clinvk("x", env={"CLINVK_BACKEND": "parrot"}).stdout == "x\n"


def test_a_backend_that_cannot_resume_is_refused(clinvk: Command, site: Path) -> None:
    """An empty conversation never replaces the session's, unless the user asks for it."""
    install_example(site)
    clinvk("-b", "parrot", "hello")
    refused = clinvk("-c", "more")
    assert refused.exit_code == 5
    assert "cannot continue a session: it is a parrot" in refused.stderr
    again = clinvk("resume", "--last", "--if-missing", "replay", "more")
    assert again.exit_code == 0
    assert "hello" in again.stdout


def test_sessions_stay_when_the_package_goes(clinvk: Command, site: Path) -> None:
    """They are listed; going on says what is missing."""
    install_example(site)
    clinvk("-b", "parrot", "hello")
    shutil.rmtree(site)
    assert "parrot" in clinvk("sessions", "list").stdout
    assert "there is no backend `parrot`" in clinvk("-c", "more").stderr


@pytest.mark.parametrize(
    "where",
    ["no_such_module:Agent", "clinvk_parrot:Nothing", "clinvk_broken:Agent", "os:getcwd", "json"],
)
def test_a_broken_package_breaks_nothing_else(clinvk: Command, site: Path, where: str) -> None:
    """Its own backend is refused with the reason and the package's name; all others go on."""
    install_example(site)
    (site / "clinvk_broken.py").write_text("raise RuntimeError('so\\nbroken')\n")
    install(site, "clinvk-bad", {"bad": where})
    refused = clinvk("-b", "bad", "x")
    assert refused.exit_code == 5
    assert "backend `bad` of the package `clinvk-bad` cannot be loaded: " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert clinvk("-b", "demo", "x").exit_code == 0
    assert clinvk("-b", "parrot", "x").exit_code == 0
    listed = clinvk("backends")
    assert listed.exit_code == 0
    assert "backend `bad` of the package `clinvk-bad` cannot be loaded" in listed.stderr


def test_no_package_replaces_a_built_in_backend(clinvk: Command, site: Path) -> None:
    """Nor is a name allowed that could be an option or a path; `backends` reports it."""
    install_example(site)
    install(site, "clinvk-usurper", {"demo": "clinvk_parrot:Agent", "../x": "clinvk_parrot:Agent"})
    assert clinvk("-b", "demo", "/say mine").stdout == "mine\n"
    listed = clinvk("backends")
    assert "offers a backend `demo`, but clinvk has its own" in listed.stderr
    assert "offers a backend `../x`, which is not a valid name" in listed.stderr


def test_of_two_packages_that_offer_one_name_neither_is_taken(clinvk: Command, site: Path) -> None:
    """Which of them comes first is chance; one that is installed twice is still one."""
    install_example(site)
    install(site, "clinvk-other", {"parrot": "clinvk_parrot:Agent"})
    refused = clinvk("-b", "parrot", "x")
    assert refused.exit_code == 5
    assert "`clinvk-other`" in refused.stderr
    assert "`clinvk-parrot`" in refused.stderr
    assert "both offer a backend `parrot`: neither is used" in refused.stderr
    assert "and so does another package: neither is used" in clinvk("backends").stderr
    shutil.rmtree(site / "clinvk_other-1.0.dist-info")
    again = site.with_name("again")
    shutil.copytree(site, again)
    clinvk.home.env["PYTHONPATH"] = f"{site}:{again}"
    assert clinvk("-b", "parrot", "x").stdout == "x\n"


@pytest.mark.parametrize("name", ["\x1b[31mred", "--help", "a b", "x" * 100, "Ünicode", ".", "nul"])
def test_a_hostile_name_is_refused_and_reaches_no_terminal(
    clinvk: Command, site: Path, name: str
) -> None:
    """It cannot be an option, a key or a path; messages about it have no escape sequence."""
    install_example(site)
    install(site, "clinvk-hostile", {name: "clinvk_parrot:Agent"})
    listed = clinvk("backends")
    assert (listed.exit_code, "\x1b" in listed.stderr + listed.stdout) == (0, False)
    names = {one["name"] for one in clinvk("backends", "--json").json()}
    assert (name in names) == (name == "nul")
    assert clinvk("-b", "parrot", "x").exit_code == 0


def _checked(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clinvk.agents.contract", *words],
        env={"PATH": os.defpath, "PYTHONPATH": str(site), "LANG": "C.UTF-8"},
        cwd=site,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_its_author_can_run_the_contract(site: Path) -> None:
    """Every check holds for the example, also on what its program printed."""
    install_example(site)
    (site / "hello.txt").write_text("hello\nthere\n")
    ran = _checked(site, "parrot", "hello.txt")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {line[0] for line in ran.stdout.splitlines()} == {"✓"}
    assert _checked(site, "nobody").returncode == 2
    assert _checked(site, "parrot", "no-such-file").returncode == 2


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ("return (Result(", "return () if exit_code is None else (Result(", "one result: "),
        ("if exit_code != 0", "if exit_code == 77", "a killed child is not a success"),
        ("*request.backend_args", "request.prompt", "the prompt is not in the command line"),
        ("*request.backend_args", "", "extra arguments are passed on"),
        ('title = "Parrot"', 'title = ""', "it describes itself"),
        ("if capability is not", "if capability.value == 'model' and capability is not", "refused"),
        ('piece = f"{line}\\n"', "piece = str(1 / len(line))", "raise nothing: it raises"),
    ],
)
def test_the_contract_finds_what_is_broken(
    site: Path, before: str, after: str, broken: str
) -> None:
    """A check that cannot fail would be worth nothing."""
    install_example(site)
    module = site / "clinvk_parrot.py"
    code = module.read_text()
    assert before in code
    module.write_text(code.replace(before, after))
    ran = _checked(site, "parrot")
    assert ran.returncode == 1
    [line] = [line for line in ran.stdout.splitlines() if broken in line][:1]
    assert line.startswith("✗ ")
