"""`config show` and `backends`, for a person and for a program."""

import json
from typing import Any

import pytest
import yaml

from clinvk.cli.commands.config import render_settings
from clinvk.cli.render.backends import render_backend, render_backends
from clinvk.model.config import Setting
from clinvk.services.agents.states import BackendState, SignedIn

SETTINGS = {
    "default_backend": Setting("agent", "/h/config.yaml:1"),
    "session.default_tags": Setting(["a", "b: c"], "/h/config.yaml:3"),
    "run.timeout": Setting("2h", "CLINVK_RUN_TIMEOUT"),
    "run.access": Setting(None),
    "backends.agent.model": Setting("on"),
    "backends.agent.system_prompt": Setting("a\nb"),
    "backends.other.model": Setting(None),
}
STATE = BackendState(
    name="agent",
    title="Agent",
    program=("/bin/agent",),
    version="1.2",
    fault=None,
    broken=False,
    tested_versions=("1.0", "1.1"),
    oldest_version="0.9",
    signed_in=SignedIn.UNKNOWN,
    supports=("model", "own_id"),
    lacks={"cost": "it reports none"},
    ways={"fork": "--fork"},
    install_hint="install it",
    enabled=True,
    is_default=True,
)
ABSENT = BackendState(
    name="other",
    title="Other",
    program=None,
    version=None,
    fault=None,
    broken=False,
    tested_versions=(),
    oldest_version=None,
    signed_in=SignedIn.UNKNOWN,
    supports=(),
    lacks={},
    ways={},
    install_hint="npm install -g other",
    enabled=True,
    is_default=False,
)


def test_the_settings_are_yaml_that_could_be_the_file(screen: Any) -> None:
    """Every key once, in its section."""
    render_settings(SETTINGS, screen.streams(), origin=False, as_json=False)
    assert screen.out.getvalue() == (
        "default_backend: agent\n"
        "session:\n  default_tags: [a, 'b: c']\n"
        "run:\n  timeout: 2h\n"
        "  access: null  # `ask` at a terminal, else the agent's own default\n"
        "backends:\n"
        "  agent:\n    model: 'on'\n    system_prompt: \"a\\nb\"\n"
        "  other:\n    model: null  # the agent's own default\n"
    )


def test_the_origin_is_a_comment(screen: Any) -> None:
    """So the output stays YAML."""
    render_settings(SETTINGS, screen.streams(), origin=True, as_json=False)
    shown = screen.out.getvalue()
    assert "default_backend: agent  # /h/config.yaml:1\n" in shown
    assert "  timeout: 2h  # CLINVK_RUN_TIMEOUT\n" in shown
    assert "  access: null  # default: `ask` at a terminal" in shown
    assert yaml.safe_load(shown)["backends"]["agent"] == {"model": "on", "system_prompt": "a\nb"}


def test_a_program_reads_the_settings_as_the_file_would_have_them(screen: Any) -> None:
    """Nested without the origin, key by key with it."""
    render_settings(SETTINGS, screen.streams(), origin=False, as_json=True)
    assert json.loads(screen.out.getvalue())["run"] == {"timeout": "2h", "access": None}
    screen.out.truncate(0)
    screen.out.seek(0)
    render_settings(SETTINGS, screen.streams(), origin=True, as_json=True)
    assert json.loads(screen.out.getvalue())["run.timeout"] == {
        "value": "2h",
        "origin": "CLINVK_RUN_TIMEOUT",
    }


def test_the_backends_are_a_table_and_what_it_has_no_column_for(screen: Any) -> None:
    """What is not installed says just how to get it; what an agent lacks has its reason."""
    table = (
        "NAME             AGENT  VERSION  STATE  SIGNED IN\n"
        "agent (default)  Agent  1.2      newer  unknown\n"
        "not installed (`clinvk backends NAME` says how): other\n"
    )
    render_backends([STATE, ABSENT], screen.streams(), as_json=False)
    assert screen.out.getvalue() == table
    screen.out.truncate(0)
    screen.out.seek(0)
    render_backends([STATE, ABSENT], screen.streams(), as_json=False, verbose=True)
    assert screen.out.getvalue() == table + (
        "\nagent\n"
        "  program: /bin/agent\n"
        "  tested: 1.0, 1.1; the installed one is newer\n"
        "  oldest that works: 0.9\n"
        "  can:    choose the model (`-m`)\n"
        "          use a session id that clinvk chooses\n"
        "          continue a copy of its conversation: `--backend-arg=--fork`\n"
        "  cannot: report what a turn cost: it reports none\n"
    )


def test_one_backend_is_shown_with_what_it_can_do_also_before_it_is_installed(screen: Any) -> None:
    """`clinvk backends NAME`: its row of the table, then its abilities; or one JSON object."""
    render_backend(ABSENT, screen.streams(), as_json=False)
    assert "not installed: npm install -g other" in screen.out.getvalue()
    screen.out.truncate(0)
    screen.out.seek(0)
    render_backend(STATE, screen.streams(), as_json=False)
    assert "choose the model (`-m`)" in screen.out.getvalue()
    screen.out.truncate(0)
    screen.out.seek(0)
    render_backend(STATE, screen.streams(), as_json=True)
    assert json.loads(screen.out.getvalue())["name"] == "agent"


def test_a_program_reads_the_backends_as_an_array(screen: Any) -> None:
    """With the same keys for each, and null for what is not known."""
    render_backends([STATE, ABSENT], screen.streams(), as_json=True)
    there, absent = json.loads(screen.out.getvalue())
    assert there == {
        "name": "agent",
        "title": "Agent",
        "installed": True,
        "enabled": True,
        "default": True,
        "program": ["/bin/agent"],
        "version": "1.2",
        "version_fault": None,
        "version_drift": "newer",
        "tested_versions": ["1.0", "1.1"],
        "oldest_version": "0.9",
        "signed_in": "unknown",
        "supports": ["model", "own_id"],
        "lacks": {"cost": "it reports none"},
        "ways": {"fork": "--fork"},
        "install_hint": "install it",
    }
    assert absent.keys() == there.keys()
    assert (absent["installed"], absent["program"], absent["version"]) == (False, None, None)


@pytest.mark.parametrize(("default", "told"), [("agent", "agent"), (None, "there is none")])
def test_the_default_agent_is_named_where_none_is_set(
    screen: Any, default: str | None, told: str
) -> None:
    """What a prompt will use, as a comment: the value is still null."""
    render_settings(
        {"default_backend": Setting(None)},
        screen.streams(),
        origin=False,
        as_json=False,
        default=default,
    )
    assert screen.out.getvalue() == (f"default_backend: null  # the first installed one ({told})\n")
