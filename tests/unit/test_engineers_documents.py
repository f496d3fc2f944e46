"""The documents for engineers describe the source tree correctly."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md")
PATH = re.compile(r"(?:`|(?<=[ (]))((?:clinvk|tests|tools|docs|\.ci)/[\w./-]*)(?=[`) ])")


def _said(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    """Every path in the document exists."""
    named = [path for path in PATH.findall(_said(document)) if "NAME" not in path]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_run_exists(document: str) -> None:
    """Every module that the document runs with `python -m` exists."""
    modules = re.findall(r"python -m ((?:tools|clinvk)[\w.]*)", _said(document))
    paths = [ROOT / f"{module.replace('.', '/')}.py" for module in modules]
    assert [str(path) for path in paths if not path.exists()] == []


def test_the_architecture_names_every_layer() -> None:
    """Every folder of the package is described."""
    said = _said("docs/architecture.md")
    package = ROOT / "clinvk"
    folders = [path.name for path in package.iterdir() if (path / "__init__.py").exists()]
    assert [name for name in folders if f"`clinvk/{name}/`" not in said] == []


def test_the_architecture_names_the_layers_that_the_import_rules_know() -> None:
    """All layers of the import rule are described."""
    rules = (ROOT / "pyproject.toml").read_text("utf-8")
    layers = re.search(r"layers = \[(.*?)\]", rules, re.DOTALL)
    assert layers
    known = re.findall(r"clinvk\.(\w+)", layers[1])
    said = _said("docs/architecture.md")
    assert [name for name in known if name != "__main__" and f"`clinvk/{name}" not in said] == []
