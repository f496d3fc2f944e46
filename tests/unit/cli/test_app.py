"""The boundary where a failure becomes an exit status."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from clinvk.cli.app import execute
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.streams import Streams
from clinvk.store.paths import home_from


def _broken() -> str:
    raise LookupError("broken")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A command line in an empty home, whose ids are broken."""
    world = replace(
        build_cli().world, environ={}, home=home_from({}, tmp_path), cwd=tmp_path, new_id=_broken
    )
    return Cli(Streams(stdin=None, stdout=io.StringIO(), stderr=io.StringIO()), world)


def test_a_bug_has_an_envelope_where_json_is_asked_for(cli: Cli) -> None:
    """Exit 70: the trace is on stderr, and a program reads an error as of any other kind."""
    assert execute(["-qojson", "-b", "demo", "hi"], cli) == 70
    envelope = json.loads(cli.streams.stdout.getvalue())  # type: ignore[union-attr]
    assert (envelope["exit_status"], envelope["error"]["code"]) == (70, "bug")
    assert "LookupError: broken" in cli.streams.stderr.getvalue()  # type: ignore[union-attr]


def test_a_bug_is_said_to_be_one(cli: Cli) -> None:
    """A person reads that it is not their fault, below the trace."""
    assert execute(["-b", "demo", "hi"], cli) == 70
    said = cli.streams.stderr.getvalue()  # type: ignore[union-attr]
    assert "error: this is a bug in clinvk\nhint: please report it" in said
    assert cli.streams.stdout.getvalue() == ""  # type: ignore[union-attr]
