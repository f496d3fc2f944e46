"""`clinvk backends add`: the declarations that come with clinvk, without their agents."""

import json
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from clinvk.store.config.examples import example, example_names
from clinvk.store.config.file import check_config


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in an empty home."""
    return bare_command(tmp_path)


def test_each_example_is_listed_with_its_evidence(clinvk: Command) -> None:
    """Tested with a version of the agent, or untested."""
    listed = {one["name"]: one for one in clinvk("backends", "add", "--json").json()}
    assert tuple(listed) == example_names()
    shown = clinvk("backends", "add").stdout
    for name, one in listed.items():
        [line] = [line for line in shown.splitlines() if line.split()[0] == name]
        assert (one["tested"] or "untested") in line
        if one["tested"] is None:
            assert one["differs"] is None


@pytest.mark.parametrize("name", example_names())
def test_an_example_becomes_a_backend(clinvk: Command, name: str) -> None:
    """It is in the list, and the agent's way to install it is in the hint."""
    ran = clinvk("backends", "add", name)
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert f"clinvk backends test {name}" in ran.stderr
    assert clinvk("config", "validate").exit_code == 0
    shown = clinvk("backends", name, "--json").json()
    assert (shown["name"], shown["installed"]) == (name, False)
    refused = clinvk("-b", name, "hello")
    assert refused.exit_code == 5
    if (install := example(name).install) is not None:
        assert install in refused.stderr


def test_what_is_in_the_file_stays(clinvk: Command) -> None:
    """Keys and comments; a second one is added below the first."""
    file = clinvk.home.clinvk_home / "config.yaml"
    clinvk("config", "set", "backends.demo.model", "m")
    file.write_text(f"# mine\n{file.read_text()}")
    before = file.read_text()
    first, second, *_ = example_names()
    assert [clinvk("backends", "add", one).exit_code for one in (first, second)] == [0, 0]
    assert file.read_text().startswith(before)
    keys = check_config(file.read_bytes(), "config.yaml", ("demo",))
    assert {f"backends.{first}.declared", f"backends.{second}.declared"} < keys.keys()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_name_that_cannot_be_added_is_refused(clinvk: Command) -> None:
    """One that clinvk has, one that is there, one that does not exist, and braces."""
    first, *_ = example_names()
    assert clinvk("backends", "add", first).exit_code == 0
    file = clinvk.home.clinvk_home / "config.yaml"
    before = file.read_bytes()
    for name, status, hint in (
        ("claude", 2, "clinvk backends claude"),
        (first, 2, "clinvk config edit"),
        (f"{first}x", 2, f"did you mean `{first}`?"),
        ("../config", 2, "one of: "),
    ):
        refused = clinvk("backends", "add", name, "--json")
        assert refused.exit_code == status
        assert hint in json.loads(refused.stdout)["error"]["hint"]
    assert file.read_bytes() == before
    file.write_text("backends: {demo: {model: m}}\n")
    refused = clinvk("backends", "add", first)
    assert (refused.exit_code, file.read_text()) == (3, "backends: {demo: {model: m}}\n")
    assert "clinvk config edit" in refused.stderr


def test_a_declaration_of_an_agent_that_clinvk_has_is_not_used(clinvk: Command) -> None:
    """A newer clinvk may have it: everything works on with ours, and doctor says so."""
    file = clinvk.home.clinvk_home / "config.yaml"
    clinvk("config", "set", "backends.demo.access", "edit")
    declared = "    declared: {program: /bin/false, start: [x]}\n"
    file.write_text(f"{file.read_text()}{declared}")
    assert clinvk("config", "validate").exit_code == 0
    told = clinvk("-b", "demo", "-o", "json", "hello")
    assert (told.exit_code, told.stderr) == (0, "")
    assert clinvk("backends", "demo", "--json").json()["program"] != "/bin/false"
    findings = clinvk("doctor", "--json").json()["findings"]
    [found] = [one for one in findings if one["code"] == "declaration_unused"]
    assert found["where"] == f"{file}:2"
    file.write_text(file.read_text().replace(declared, ""))
    codes = {one["code"] for one in clinvk("doctor", "--json").json()["findings"]}
    assert "declaration_unused" not in codes
