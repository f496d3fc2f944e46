"""What the agent may do in a turn: from the options, the session, the settings, a person."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.agents import registry
from clinvk.agents.base import Backend, Capability
from clinvk.errors import BackendUnsupportedError, UsageError
from clinvk.model.access import Access
from clinvk.model.permission import Rules
from clinvk.model.request import RunRequest, TurnRequest
from clinvk.model.session import Session
from clinvk.services.config.settings import effective_settings
from clinvk.services.turns.access import access_of, access_warnings, rules_of, useless_rules
from clinvk.services.world import World


def _agent(*, asks: bool, always: bool = False, tools: str = "run write") -> Backend:
    class Agent(type(registry.get("demo"))):  # type: ignore[misc]  # a class of any agent
        lacks = {} if asks else {Capability.ASK: "it does not ask"}
        always_asks = always

    Agent.tools = tools
    return Agent()  # type: ignore[no-any-return]  # as above


ASKING, SILENT = _agent(asks=True), _agent(asks=False)


def _settings(world: World, text: str = "") -> Any:
    world.home.root.mkdir(parents=True, exist_ok=True)
    world.home.config_file.write_text(text, encoding="utf-8")
    return effective_settings(world)


@pytest.mark.parametrize(
    ("asked", "backend", "config", "access"),
    [
        ({}, ASKING, "", None),
        ({"can_ask": True}, ASKING, "", Access.ASK),
        ({"can_ask": True}, SILENT, "", None),
        ({"can_ask": True, "interactive": True}, ASKING, "", None),
        ({"can_ask": True, "access": Access.EDIT}, ASKING, "", Access.EDIT),
        ({"can_ask": True}, ASKING, "run: {access: read-only}", Access.READ_ONLY),
        ({"allow": ("Edit",)}, ASKING, "", Access.ASK),
        ({}, ASKING, "run: {deny: [Edit]}", Access.ASK),
        ({}, SILENT, "run: {deny: [Edit]}", None),
        ({"access": Access.ASK}, SILENT, "", Access.ASK),
    ],
)
def test_an_agent_asks_if_a_person_or_a_rule_can_answer(
    asked: dict[str, Any], backend: Backend, config: str, access: Access | None, world: World
) -> None:
    """An option and a setting come first; an explicit `ask` is refused later if it cannot be."""
    settings = _settings(world, config)
    assert access_of(RunRequest(prompt="p", **asked), None, backend, settings) is access


@pytest.mark.parametrize(
    ("kept", "person", "access"),
    [
        (None, False, None),
        (None, True, Access.ASK),
        (Access.ASK, False, Access.ASK),
        (Access.READ_ONLY, True, Access.READ_ONLY),
        (Access.FULL, True, Access.FULL),
    ],
)
def test_a_session_keeps_its_access(
    kept: Access | None,
    person: bool,  # noqa: FBT001  a table's column
    access: Access | None,
    world: World,
) -> None:
    """One without is asked about once a person is there; the settings are for new ones."""
    now = world.now()
    session = Session(
        id="aaaa00000001", backend="demo", cwd="/p", created_at=now, last_used_at=now, access=kept
    )
    request = RunRequest(prompt="p", can_ask=person)
    settings = _settings(world, "run: {access: full}")
    assert access_of(request, session, ASKING, settings) is access


def test_rules_of_options_and_settings_are_joined(world: World) -> None:
    """They only count where the agent asks."""
    settings = _settings(world, "run: {allow: [Edit], deny: ['Bash(rm *)']}")
    request = RunRequest(prompt="p", allow=("Read",))
    turn = TurnRequest(prompt="p", cwd=Path("/p"), access=Access.ASK)
    joined = Rules(allow=("Read", "Edit"), deny=("Bash(rm *)",))
    assert rules_of(request, turn, ASKING, settings) == joined
    plain = RunRequest(prompt="p")
    assert rules_of(plain, replace(turn, access=Access.EDIT), ASKING, settings) == Rules()


@pytest.mark.parametrize("which", ["allow", "deny"])
def test_a_rule_without_effect_is_refused(which: str, world: World) -> None:
    """An agent that cannot ask is exit 5; an access in which it does not ask is wrong usage."""
    settings = _settings(world)
    request = RunRequest(prompt="p", **{which: ("Edit",)})
    turn = TurnRequest(prompt="p", cwd=Path("/p"))
    with pytest.raises(BackendUnsupportedError):
        rules_of(request, turn, SILENT, settings)
    with pytest.raises(UsageError, match=f"`--{which}` has no effect with `--access full`"):
        rules_of(request, replace(turn, access=Access.FULL), ASKING, settings)


def test_a_configured_deny_without_effect_is_a_warning(world: World) -> None:
    """With `edit` and `full` the agent does not ask."""
    settings = _settings(world, "run: {deny: [Edit]}")
    now = world.now()
    session = Session(id="aaaa00000001", backend="demo", cwd="/p", created_at=now, last_used_at=now)
    assert list(access_warnings(session, Access.ASK, ASKING, settings)) == []
    assert "`run.deny` has no effect" in next(
        access_warnings(session, Access.FULL, ASKING, settings)
    )


def test_a_rule_for_a_tool_that_no_agent_has_is_a_warning(world: World) -> None:
    """It would silently do nothing."""
    rules = Rules(allow=("Edit", "run_shell_command"), deny=("Bsah(rm *)",))
    (warning,) = useless_rules(rules, ASKING, world)
    assert warning == "no agent has the tool of the rule `Bsah(rm *)`"
    assert list(useless_rules(Rules(), ASKING, world)) == []
    assert list(useless_rules(rules, _agent(asks=True, tools=""), world)) == []


def test_an_agent_that_always_asks_is_denied_at_every_level(world: World) -> None:
    """`full` does not make a rule that denies ineffective; one that allows is refused."""
    agent = _agent(asks=True, always=True)
    settings = _settings(world, "run: {deny: [Edit]}")
    turn = TurnRequest(prompt="p", cwd=Path("/p"), access=Access.FULL)
    request = RunRequest(prompt="p", deny=("Bash",))
    assert rules_of(request, turn, agent, settings).deny == ("Bash", "Edit")
    session = Session(
        id="aaaa00000001",
        backend="demo",
        cwd="/p",
        created_at=world.now(),
        last_used_at=world.now(),
    )
    assert list(access_warnings(session, Access.FULL, agent, settings)) == []
    with pytest.raises(UsageError, match="--allow"):
        rules_of(RunRequest(prompt="p", allow=("Edit",)), turn, agent, settings)
