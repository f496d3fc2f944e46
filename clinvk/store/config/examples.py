"""The declarations of agents that come with clinvk, as files that a person may read and change."""

import re
from pathlib import Path

import clinvk
from clinvk.errors import StoreError
from clinvk.model.declared import Example
from clinvk.store.config.yaml import read_document
from clinvk.store.files import reason

_FOLDER = Path(clinvk.__file__).parent / "agents" / "declared" / "examples"
_EVIDENCE = re.compile(r"^# (tested|untested): (.+)$", re.MULTILINE)
_DIFFERS = re.compile(r"^# differs: (.+)$", re.MULTILINE)


def example_names() -> tuple[str, ...]:
    """The names of the examples, in alphabetical order."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.yaml")))


def example(name: str) -> Example:
    """The example with that name, one of `example_names`. Raises `StoreError`."""
    path = _FOLDER / f"{name}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot read `{path}`: {reason(error)}") from error
    declared = read_document(text, str(path)).value["backends"][name]["declared"]
    evidence = _EVIDENCE.search(text)
    if evidence is None:
        raise StoreError(f"`{path}` does not say whether it was tested")
    return Example(
        name=name,
        title=declared["title"],
        install=declared.get("install"),
        tested=evidence[2] if evidence[1] == "tested" else None,
        differs=found[1] if (found := _DIFFERS.search(text)) else None,
        text=text,
    )
