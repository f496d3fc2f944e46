"""The form in which a failure is told."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.cli.context import build_cli
from clinvk.cli.failures import asked_form
from clinvk.services.world import World
from clinvk.store.home import home_from


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with an empty home and an empty environment."""
    return replace(build_cli().world, environ={}, home=home_from({}, tmp_path))


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["hi"], "text"),
        (["-o", "json", "hi"], "json"),
        (["-ojson", "hi"], "json"),
        (["-qojson", "hi"], "json"),
        (["-cqo", "stream-json", "hi"], "stream-json"),
        (["--output-format=json"], "json"),
        (["--output-format", "stream-json"], "stream-json"),
        (["-o", "json", "-o", "text"], "text"),
        (["sessions", "list", "--json"], "json"),
        (["-o=json", "hi"], "json"),
        (["-qo=stream-json", "hi"], "stream-json"),
        (["--json", "hi"], "json"),
        (["-o", "text", "--json"], "json"),
        (["--", "-o", "json"], "text"),
        (["--", "--json"], "text"),
        (["-b", "demo", "to", "json"], "text"),
    ],
)
def test_the_words_say_it(world: World, words: list[str], form: str) -> None:
    """Short options may stand together, and the last word counts."""
    assert asked_form(words, world, of_run=True) == form


def test_the_settings_say_it_where_the_words_do_not(world: World) -> None:
    """A program that set the format once is answered in it; other commands have no such setting."""
    wanted = replace(world, environ={"CLINVK_OUTPUT_FORMAT": "json"})
    assert asked_form(["hi"], wanted, of_run=True) == "json"
    assert asked_form(["-o", "text", "hi"], wanted, of_run=True) == "text"
    assert asked_form(["sessions", "list"], wanted, of_run=False) == "text"
    world.home.root.mkdir()
    world.home.config_file.write_text("output:\n  format: json\n")
    assert asked_form(["hi"], world, of_run=True) == "json"
    world.home.config_file.write_text("output: [\n")
    assert asked_form(["hi"], world, of_run=True) == "text"
