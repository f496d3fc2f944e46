"""The recipe of `docs/backends.md`: one folder in a copy of the package, and one recording."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import clinvk

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "backends.md"
PROGRAM = """#!/bin/sh
if [ "$1" = --version ]; then echo "parrot 2.0"; exit; fi
echo '{"session": "'"${1#--*=}"'"}'
printf '{"answer": "you said: %s"}\\n' "$(cat)"
"""


class Copy:
    """A copy of the package with the page's backend in it, and a home with its agent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "clinvk"
        shutil.copytree(
            Path(clinvk.__file__).parent, self.package, ignore=shutil.ignore_patterns("__pycache__")
        )
        self.file = self.package / "agents" / "parrot" / "backend.py"
        self.file.parent.mkdir()
        self.file.write_text(_example("python"), encoding="utf-8")
        self.file.with_name("__init__.py").write_text('"""Parrot."""\n')
        program = folder / "bin" / "parrot"
        program.parent.mkdir()
        program.write_text(PROGRAM)
        program.chmod(0o700)
        (folder / "home").mkdir()
        self.env = {
            "HOME": str(folder / "home"),
            "PATH": f"{folder}/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(folder),
            "LANG": "C.UTF-8",
            "EDITOR": "true",
        }

    def clinvk(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the copy."""
        return self.python("-m", "clinvk", *args)

    def python(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run Python so that it imports the copy."""
        return subprocess.run(
            [sys.executable, *args],
            cwd=self.folder,
            env=self.env,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )


def _example(language: str) -> str:
    """The page's first block of code in that language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The recipe's first step."""
    return Copy(tmp_path_factory.mktemp("sixth"))


def test_it_is_the_only_folder_that_changed(copy: Copy) -> None:
    """One folder in the package, whose name is the backend's."""
    ours = Path(clinvk.__file__).parent
    files = {str(path.relative_to(copy.package)) for path in copy.package.rglob("*.py")}
    assert files - {str(path.relative_to(ours)) for path in ours.rglob("*.py")} == {
        "agents/parrot/__init__.py",
        "agents/parrot/backend.py",
    }


def test_it_is_listed_with_what_it_can_do(copy: Copy) -> None:
    """`clinvk backends` says where it is, in which version, and what it lacks."""
    shown = json.loads(copy.clinvk("backends", "--json").stdout)
    parrot = next(one for one in shown if one["name"] == "parrot")
    assert (parrot["version"], parrot["version_drift"]) == ("2.0", "newer")
    assert parrot["supports"] == ["resume", "model", "own_id"]
    assert parrot["lacks"]["cost"] == "a parrot has no such option"
    assert "parrot" in copy.clinvk("backends").stdout
    told = copy.clinvk("backends", "parrot").stdout
    assert "tested: 1.0; the installed one is newer" in told
    assert "limit its steps (`--max-turns`): a parrot has no such option" in told


def test_a_prompt_runs_with_it_and_its_session_continues(copy: Copy) -> None:
    """The report is as with other agents, and a resume continues the same conversation."""
    first = json.loads(copy.clinvk("-b", "parrot", "-o", "json", "hello").stdout)
    assert (first["text"], first["exit_status"]) == ("you said: hello", 0)
    second = json.loads(copy.clinvk("-c", "-o", "json", "again").stdout)
    assert second["backend_session_id"] == first["backend_session_id"]
    assert (second["turn"], second["session_id"]) == (2, first["session_id"])


def test_what_it_lacks_is_refused_with_the_reason(copy: Copy) -> None:
    """Exit 5, before it is started."""
    refused = copy.clinvk("-b", "parrot", "--max-turns", "3", "hello")
    assert refused.returncode == 5
    assert "a parrot has no such option" in refused.stderr


def test_options_completion_and_keys_know_it(copy: Copy) -> None:
    """Nobody has to be told its name."""
    assert "parrot" in copy.clinvk("run", "--help").stdout
    asked = copy.clinvk("completion", "--candidates", "backends", "pa").stdout
    assert asked.split("\t")[0].strip() == "parrot"
    assert copy.clinvk("config", "set", "backends.parrot.model", "grey").returncode == 0
    assert "--model=grey" in copy.clinvk("-b", "parrot", "--dry-run", "hello").stdout
    assert copy.clinvk("config", "unset", "backends.parrot.model").returncode == 0


def test_the_doctor_looks_at_it(copy: Copy) -> None:
    """A program that broke is found like any other's."""
    program = copy.folder / "bin" / "parrot"
    well = program.read_text()
    program.write_text("#!/bin/sh\nexit 3\n")
    said = json.loads(copy.clinvk("doctor", "--json").stdout)
    program.write_text(well)
    broken = [one for one in said["findings"] if one["code"] == "backend_broken"]
    assert [one["where"] for one in broken] == [str(program)]
    assert "get one from the pet shop" in broken[0]["remedy"]


def test_the_contract_finds_it_and_wants_recordings(copy: Copy) -> None:
    """Without any it fails; with one, every quick test that runs on each agent passes on it."""
    tests = copy.folder / "tests"
    shutil.copytree(
        REPOSITORY / "tests",
        tests,
        ignore=shutil.ignore_patterns("__pycache__", "streams", "e2e", "process"),
    )
    shutil.copy(REPOSITORY / "pyproject.toml", copy.folder)
    without = _contract(copy)
    assert without.returncode == 1
    assert "record some: `python tests/contract/record.py --backend parrot`" in without.stdout
    case = tests / "contract" / "streams" / "parrot" / "one_shot"
    case.mkdir(parents=True)
    (case / "case.json").write_text(_example("json"))
    (case / "stdout.jsonl").write_text('{"session": "polly"}\n{"answer": "hello"}\n')
    (case / "stderr.txt").write_text("")
    assert "there is no events.json" in _contract(copy).stdout
    assert _contract(copy, "--update").returncode == 0
    golden = json.loads((case / "events.json").read_text())
    assert [one["event"] for one in golden] == ["init", "message", "result"]
    again = _contract(copy)
    assert again.returncode == 0, again.stdout
    assert int(re.search(r"(\d+) passed", again.stdout)[1]) >= 30  # type: ignore[index]


def _contract(copy: Copy, *options: str) -> "subprocess.CompletedProcess[str]":
    quick = ("tests/contract/test_backend_contract.py", "tests/unit/agents", "tests/unit/services")
    return copy.python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", *quick, "-k", "parrot", *options
    )


def test_it_passes_the_lint(copy: Copy) -> None:
    """What the page shows has the form that the gate asks for."""
    shutil.copy(REPOSITORY / "pyproject.toml", copy.folder)
    for check in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        said = copy.python("-m", "ruff", *check, "clinvk/agents/parrot")
        assert said.returncode == 0, said.stdout


def test_the_page_and_the_table_know_it(copy: Copy) -> None:
    """The last step writes its column, and nothing by hand."""
    for name in ("docs", "completions", "tools"):
        shutil.copytree(REPOSITORY / name, copy.folder / name)
    tests = "tests/contract"
    shutil.copytree(REPOSITORY / tests, copy.folder / tests, dirs_exist_ok=True)
    written = copy.python("-m", "tools.generate")
    assert written.returncode == 0, written.stderr
    page = (copy.folder / "docs" / "backends.md").read_text("utf-8")
    assert " parrot |" in page.partition("tested versions")[0]
    assert "Parrot cannot:" in page
