"""The configuration of opencode for one run, which is merged with the person's own."""

from collections.abc import Iterator, Mapping

from clinvk.agents.kit.jsonc import parse_settings
from clinvk.agents.kit.jsonl import items, mapping
from clinvk.agents.opencode.permission_rules import AGENTS, stricter
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.events import Json
from clinvk.model.request import TurnRequest

CONFIG = "OPENCODE_CONFIG_CONTENT"
_PERMISSION = "OPENCODE_PERMISSION"
OWN_VARIABLES = (CONFIG, _PERMISSION)


def run_config(request: TurnRequest) -> dict[str, Json]:
    """The configuration that is merged with the person's own, for this run only."""
    config: dict[str, Json] = {}
    if request.access is not None and request.access is not Access.FULL:
        name, rules = AGENTS[request.access]
        rules = {**rules, **_added(request)}
        for theirs in _persons_permissions(request):
            rules = stricter(rules, theirs)
        config["agent"] = {name: {"mode": "primary", "permission": rules}}
        if request.access is Access.ASK:
            config["default_agent"] = name
            if request.model is not None:
                config["model"] = request.model
    elif added := _added(request):
        config["permission"] = added
    if request.system_prompt is not None:
        config["instructions"] = ["{system_prompt}"]
    return config and _merged_with_persons_config(config, request)


def _added(request: TurnRequest) -> dict[str, Json]:
    """The permission for what is outside of its directory: in the added ones, as inside."""
    allowed = {f"{directory}/*": "allow" for directory in request.add_dirs}
    other = "ask" if request.access is Access.ASK else "deny"
    unless = {} if request.access in {None, Access.FULL} else {"*": other}
    return {"external_directory": {**unless, **allowed}} if allowed else {}


def _rules_of(settings: Mapping[str, Json]) -> dict[str, Json]:
    """The permissions of a configuration as rules."""
    rules = settings.get("permission")
    return {"*": rules} if isinstance(rules, str) else dict(mapping(rules))


def _merged_with_persons_config(config: dict[str, Json], request: TurnRequest) -> dict[str, Json]:
    """The configuration, merged with the person's own in the same variable."""
    theirs = _object_in_variable(CONFIG, request)
    agents = {**mapping(theirs.get("agent")), **mapping(config.get("agent"))}
    instructions = [*items(theirs.get("instructions")), *items(config.get("instructions"))]
    own = {
        **(
            {"permission": _rules_of(theirs) | config["permission"]}
            if "permission" in config
            else {}
        ),
        **({"agent": agents} if agents else {}),
        **({"instructions": instructions} if instructions else {}),
    }
    return {**theirs, **config, **own}


def _persons_permissions(request: TurnRequest) -> Iterator[Json]:
    """The person's own permission settings, which the rules of an agent would override."""
    for name, text in request.texts.items():
        yield from _permissions(_object_in_text(name, text))
    yield from _permissions(_object_in_variable(CONFIG, request))
    yield _object_in_variable(_PERMISSION, request)


def _permissions(settings: Mapping[str, Json]) -> Iterator[Json]:
    yield settings.get("permission")
    yield {tool: "deny" for tool, on in mapping(settings.get("tools")).items() if on is not True}


def _object_in_variable(variable: str, request: TurnRequest) -> Mapping[str, Json]:
    """The object in a variable. Raises `BackendUnsupportedError` if it is not an object."""
    return _object_in_text(variable, request.environ.get(variable) or "")


def _object_in_text(name: str, text: str) -> Mapping[str, Json]:
    """The object in a text of the person. Raises `BackendUnsupportedError` if it is not one."""
    parsed = parse_settings(text if text.strip() else "{}")
    if parsed is None:
        raise BackendUnsupportedError(
            f"backend `opencode` cannot add to `{name}`: it is not a JSON object",
            hint=f"correct `{name}`, or " + ("unset it" if name in OWN_VARIABLES else "rename it"),
        )
    return parsed
