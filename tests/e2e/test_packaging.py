"""What is installed: the wheel and the sdist, with pip, pipx and uv, on every Python that is here.

Each test has a home of its own. Only the caches of downloads are those of the person who runs it.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinvk import __version__
from e2e.docs_session import blocks

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSIONS = [
    found[1]
    for classifier in PROJECT["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier))
]
TOOLS = Path(sys.executable).parent
"""Where `build`, `pipx` and `uv` of the `dev` extra are."""

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Machine:
    """A home without anything."""

    home: Path

    @property
    def env(self) -> dict[str, str]:
        """The person's environment, which may name an index, with this home."""
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path(os.environ["HOME"]) / ".cache")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CLINVK_", "XDG_", "PIPX_", "PYTHON", "VIRTUAL_ENV"))
        }
        programs = os.pathsep.join([str(self.home / ".local/bin"), str(TOOLS), os.defpath])
        own = {"HOME": str(self.home), "XDG_CACHE_HOME": cache, "PATH": programs}
        return {**kept, **own, "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}

    def run(self, *words: str | Path) -> str:
        """The output of a command, which must succeed."""
        ran = subprocess.run(
            [str(word) for word in words],
            cwd=self.home,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert ran.returncode == 0, f"{words}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def try_it(self, clinvk: str | Path) -> None:
        """A first prompt is answered, the version is this one, and all is in one folder."""
        assert "You said: “hello”." in self.run(clinvk, "-b", "demo", "hello")
        assert self.run(clinvk, "--version").split()[-1] == __version__
        assert len(list((self.home / ".clinvk/demo").iterdir())) == 1

    def left(self) -> Sequence[Path]:
        """What is named after clinvk, but for its home and an empty lock of pipx."""
        return sorted(
            path
            for path in self.home.rglob("*clinvk*")
            if not path.is_relative_to(self.home / ".clinvk") and path.name != ".clinvk.lock"
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A new one."""
    home = tmp_path / "home"
    home.mkdir()
    return Machine(home)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with the files of this one as they are now."""
    folder = tmp_path_factory.mktemp("source")
    for name in _tracked("."):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git = ("git", "-C", str(folder), "-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-qm", "All"]):
        subprocess.run([*git, *words], check=True)
    return folder


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist; the wheel is made from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--installer", "uv", "-o", folder, source],
        check=True,
        env={**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
    )
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def _tracked(folder: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name]


def _python(version: str) -> Path:
    """A Python of that version that starts."""
    found = [shutil.which(f"python{version}"), sys.executable]
    found += sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
    for python in filter(None, found):
        ran = subprocess.run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            check=False,
            capture_output=True,
            text=True,
        )
        if (ran.returncode, ran.stdout.strip()) == (0, version):
            return Path(python)
    pytest.skip(f"there is no Python {version} on this machine")


def test_the_wheel_is_the_package_with_its_manual(built: tuple[Path, Path]) -> None:
    """Every file of it, schemas too, and nothing of the tests and tools."""
    wheel, sdist = built
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    meta = f"clinvk-{__version__}"
    package = {name for name in names if not name.startswith(meta)}
    assert package == {name for name in _tracked("clinvk") if (ROOT / name).exists()}
    assert f"{meta}.data/data/share/man/man1/clinvk.1" in names
    assert f"{meta}.dist-info/licenses/LICENSE" in names
    with tarfile.open(sdist) as archive:
        told = {name.partition("/")[2].partition("/")[0] for name in archive.getnames()}
    assert {"clinvk", "README.md", "CHANGELOG.md", "LICENSE", "man", "completions"} <= told
    assert told.isdisjoint({"tests", "docs", ".ci"})


@pytest.mark.parametrize("version", VERSIONS)
def test_every_dependency_has_a_wheel(machine: Machine, version: str) -> None:
    """Nobody needs a compiler; also on a Python that is not here."""
    words = ("--no-header", "--no-annotate", "--only-binary", ":all:", "--python-version", version)
    told = machine.run("uv", "pip", "compile", *words, ROOT / "pyproject.toml")
    assert {line.partition("==")[0] for line in told.split()} >= {
        re.split("[<>=]", one)[0] for one in PROJECT["dependencies"]
    }


def test_pip_installs_the_wheel_and_the_sdist(machine: Machine, built: tuple[Path, Path]) -> None:
    """Into an environment of the Python that runs the tests."""
    machine.run(sys.executable, "-m", "venv", "env")
    programs = machine.home / "env/bin"
    for archive in built:
        machine.run(programs / "pip", "install", "-q", archive)
        machine.run(programs / "pip", "check")
        machine.try_it(programs / "clinvk")
        machine.run(programs / "pip", "uninstall", "-q", "-y", "clinvk")
        assert machine.left() == []
        shutil.rmtree(machine.home / ".clinvk")


@pytest.mark.parametrize("version", VERSIONS)
def test_it_runs_on_every_python(machine: Machine, built: tuple[Path, Path], version: str) -> None:
    """Those that `pyproject.toml` names, as far as they are here; both archives."""
    machine.run("uv", "venv", "-q", "--python", _python(version), "env")
    for archive in built:
        machine.run("uv", "pip", "install", "-q", "--python", "env/bin/python", archive)
        machine.try_it(machine.home / "env/bin/clinvk")
        machine.run("uv", "pip", "uninstall", "-q", "--python", "env/bin/python", "clinvk")
        assert machine.left() == []
        shutil.rmtree(machine.home / ".clinvk")


@pytest.mark.parametrize(
    ("tool", "remove"),
    [("pipx", "pipx uninstall clinvk"), ("uv", "uv tool uninstall clinvk")],
    ids=["pipx", "uv"],
)
def test_the_readmes_install_commands(
    machine: Machine, source: Path, tool: str, remove: str
) -> None:
    """From a repository's address, without a clone; afterwards only `~/.clinvk` is left."""
    (install,) = [one.body for one in blocks(README) if one.body.startswith(f"{tool} ")]
    assert remove in README.read_text(encoding="utf-8")
    machine.run("bash", "-euc", install.replace("REPOSITORY", source.as_uri()))
    machine.try_it("clinvk")
    machine.run(*remove.split())
    assert machine.left() == []
    assert (machine.home / ".clinvk").is_dir()


def test_both_tools_install_a_wheel(machine: Machine, built: tuple[Path, Path]) -> None:
    """As from an index; pipx brings the manual, too."""
    machine.run("pipx", "install", built[0])
    assert [path.name for path in machine.left() if path.suffix == ".1"]
    machine.run("pipx", "uninstall", "clinvk")
    machine.run("uv", "tool", "install", built[0])
    machine.try_it("clinvk")
    machine.run("uv", "tool", "uninstall", "clinvk")
    assert machine.left() == []
