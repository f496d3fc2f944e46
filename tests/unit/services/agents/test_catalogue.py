"""One catalogue of agents: what a person declared is known wherever an agent is looked up."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

import clinvk
from clinvk.cli.completion.candidates import candidates
from clinvk.cli.context import Cli
from clinvk.cli.detect import streams_from
from clinvk.cli.filters import refuse_unknown_backend
from clinvk.errors import BackendUnknownError, ConfigError, UsageError
from clinvk.model.request import RunRequest
from clinvk.model.session import Session
from clinvk.services.agents.states import backend_states
from clinvk.services.config.edit import all_settings, setting
from clinvk.services.config.settings import effective_settings
from clinvk.services.doctor.examination import examine
from clinvk.services.sessions.known_conversation import native_transcript
from clinvk.services.sessions.labels import give_name
from clinvk.services.turns.plan import backend_for
from clinvk.services.world import World

TOY = """
backends:
  toy:
    declared:
      program: toy
      title: The Toy
      start: ["--session={conversation}"]
      resume: [resume, "{conversation}"]
      conversation_file: "{home}/.toy/{conversation}.md"
"""
CONVERSATION = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def declaring(world: World) -> World:
    """A world whose configuration declares one agent."""
    world.home.root.mkdir(parents=True)
    world.home.config_file.write_text(TOY)
    return world


def _in_filters(world: World, _: Session) -> bool:
    cli = Cli(streams=streams_from({}, None, None, None), world=world)
    with pytest.raises(UsageError, match="there is no backend `toys`"):
        refuse_unknown_backend(cli, "toys")
    refuse_unknown_backend(cli, "toy")
    return True


def _in_names(world: World, session: Session) -> bool:
    """`toy:…` reads as a reference, so no session can be called so."""
    with pytest.raises(UsageError, match="looks like a session's id"):
        give_name(world, session.id, "toy:x")
    return True


def _in_deletion(world: World, session: Session) -> bool:
    native = native_transcript(session, world)
    return native is not None and native.agent == "The Toy" and len(native.files) == 1


def _in_doctor(world: World, _: Session) -> bool:
    """Its conversations are looked for."""
    checked = examine(world, encoding="utf-8").checked
    return any("1 of toy" in one.summary for one in checked)


def _in_turns(world: World, session: Session) -> bool:
    settings = effective_settings(world)
    own = backend_for(RunRequest(prompt="x"), session, settings, world)
    asked = backend_for(RunRequest(prompt="x", backend="toy"), None, settings, world)
    return own.name == asked.name == "toy"


PLACES: dict[str, Callable[[World, Session], bool]] = {
    "filters": _in_filters,
    "completion of names": lambda world, _: ("toy", "The Toy") in candidates("backends", "", world),
    "completion of keys": lambda world, _: bool(candidates("keys", "backends.toy.mod", world)),
    "names of sessions": _in_names,
    "deletion": _in_deletion,
    "doctor": _in_doctor,
    "turns": _in_turns,
    "the list of agents": lambda world, _: (
        "toy" in {one.name for one in backend_states(effective_settings(world), world)}
    ),
    "all settings": lambda world, _: "backends.toy.model" in all_settings(world),
    "one setting": lambda world, _: setting(world, "backends.toy.model").value is None,
}


@pytest.mark.parametrize("knows", PLACES.values(), ids=PLACES.keys())
def test_a_declared_agent_is_known(
    knows: Callable[[World, Session], bool],
    declaring: World,
    create: Callable[..., Session],
) -> None:
    """A service that forgot it would treat its sessions as those of an agent that is gone."""
    session = create(
        "aaaa00000001", backend="toy", conversation={"id": CONVERSATION, "seen": True}, turns=1
    )
    kept = declaring.user_home / ".toy" / f"{CONVERSATION}.md"
    kept.parent.mkdir()
    kept.write_text("hello")
    assert knows(declaring, session)


def test_a_command_with_another_configuration_knows_what_that_declares(world: World) -> None:
    """`--config FILE` holds for the whole command."""
    file = world.user_home / "other.yaml"
    file.write_text(TOY)
    settings = effective_settings(replace(world, config=file))
    assert world.agents.find("toy") is None
    assert replace(world, settings=settings).agents.get("toy").title == "The Toy"


def test_an_invalid_configuration_hides_no_agent_that_needs_none(declaring: World) -> None:
    """It is read only for a name that no other agent has."""
    declaring.home.config_file.write_text("run: [")
    assert "demo" in declaring.agents
    assert declaring.agents.get("demo").name == "demo"
    assert declaring.agents.find("toy") is None
    with pytest.raises(ConfigError):
        declaring.agents.get("toy")


def test_an_unknown_agent_is_refused_with_a_list_of_all(declaring: World) -> None:
    """The declared ones are included."""
    with pytest.raises(BackendUnknownError, match="no backend `nope`") as refused:
        declaring.agents.get("nope")
    assert refused.value.hint is not None
    assert refused.value.hint.startswith("one of: claude, ")
    assert refused.value.hint.splitlines()[0].endswith(", toy")
    assert "can be declared" in refused.value.hint.splitlines()[1]


def test_nothing_else_asks_the_registry() -> None:
    """It knows nothing of what a configuration declares."""
    package = Path(clinvk.__file__).parent
    asks = re.compile(r"clinvk\.agents(?: import registry|\.registry)")
    found = {
        str(path.relative_to(package))
        for room in ("cli", "services")
        for path in (package / room).rglob("*.py")
        if asks.search(path.read_text("utf-8"))
    }
    assert found == {"services/agents/catalog.py"}
