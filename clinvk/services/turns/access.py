"""What the agent may do in a turn, and the rules that answer its permission requests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinvk.agents.base import Backend, Capability
from clinvk.errors import BackendUnsupportedError, UsageError
from clinvk.model.access import Access, is_wider
from clinvk.model.access_option import contradicting
from clinvk.model.config import Settings
from clinvk.model.permission import NO_RULES, Rules
from clinvk.model.request import RunRequest, TurnRequest
from clinvk.model.session import Session
from clinvk.services.agents.catalog import built_in
from clinvk.services.world import World
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural

if TYPE_CHECKING:
    from clinvk.services.turns.plan import TurnPlan


def access_of(
    request: RunRequest, session: Session | None, backend: Backend, settings: Settings
) -> Access | None:
    """The requested access, else the session's; for a new session that of the settings.

    Otherwise the agent asks, if it can and a person or a rule can answer; None is its own default.
    """
    access = request.access
    if access is None:
        access = _setting(backend, settings) if session is None else session.access
    answered = request.can_ask or _rules(request, settings).given
    asks = answered and not request.interactive and Capability.ASK not in backend.lacks
    return Access.ASK if access is None and asks else access


def rules_of(request: RunRequest, turn: TurnRequest, backend: Backend, settings: Settings) -> Rules:
    """The rules of the request and the settings; none if the agent does not ask.

    Above `ask`, only those that deny have an effect. Raises `UsageError` or
    `BackendUnsupportedError` for rules of the request without effect.
    """
    if turn.access is Access.ASK or (backend.always_asks and not request.allow):
        return _rules(request, settings)
    if not (request.allow or request.deny):
        return NO_RULES
    if turn.access is None:
        raise backend.unsupported(Capability.ASK)
    option = "--deny" if request.deny and not backend.always_asks else "--allow"
    raise UsageError(
        f"`{option}` has no effect with `--access {turn.access.value}`: the agent does not ask",
        hint="use it with `--access ask`, or leave it out",
    )


def access_warnings(
    session: Session, access: Access | None, backend: Backend, settings: Settings
) -> Iterator[str]:
    """Warnings about access that is wider than before, or that the rules do not limit."""
    if session.next_turn > 1 and is_wider(access, session.access):
        yield f"access is wider for this turn: {_named(access)} instead of {_named(session.access)}"
    unasked = access in {Access.EDIT, Access.FULL} and not backend.always_asks
    if unasked and settings.get("run.deny"):
        yield f"`run.deny` has no effect with `--access {access}`: the agent does not ask"


def useless_rules(rules: Rules, backend: Backend, world: World) -> Iterator[str]:
    """Warnings about rules for a tool that no agent has.

    None for an agent whose tools are not known: a declared one, or one of another package.
    """
    if not (rules.given and backend.tools):
        return
    from clinvk.model.permission_rule import names_no_tool, parse_rule

    # Agents are only loaded for a rule that names a single tool.
    unsure = [one for one in (*rules.allow, *rules.deny) if names_no_tool(parse_rule(one), ())]
    agents = map(world.agents.get, built_in() if unsure else ())
    tools = {tool for agent in agents for tool in agent.tools.split()}
    for one in unsure:
        if names_no_tool(parse_rule(one), tools):
            yield f"no agent has the tool of the rule `{safe_line(one)}`"


def refuse_wider_arguments(request: RunRequest, turn: TurnRequest, backend: Backend) -> None:
    """Raise `BackendUnsupportedError` for an argument that allows more than the access."""
    if turn.access is None or not turn.backend_args:
        return
    number = contradicting(backend.access_options, turn.backend_args, turn.access)
    if number is None:
        return
    configured = len(turn.backend_args) - len(request.backend_args)
    where = f"backends.{backend.name}.extra_args" if number < configured else "--backend-arg"
    raise BackendUnsupportedError(
        f"`{safe_line(turn.backend_args[number])}` (from `{where}`) asks for more than"
        f" `--access {turn.access.value}` allows",
        hint="leave one of them out, or choose a wider `--access`",
    )


def way_to_allow(denied: int, plan: "TurnPlan", session_id: str | None) -> str:
    """What was denied in the turn, and the command that allows it in the next one."""
    # `-c` could mean another session by then, and widen what its agent may do.
    again = "clinvk" if session_id is None else f"clinvk resume {session_id}"
    access = plan.request.access
    ways = [f'`{again} --access full "…"` allows everything']
    if access is not Access.EDIT:
        ways.insert(0, f'`{again} --access edit "…"` allows file changes')
    if access is Access.ASK:
        ways.append("`--allow RULE` allows a single tool")
    elif access is None and Capability.ASK not in plan.backend.lacks:
        ways.append("`--access ask` asks at a terminal")
    return f"{plural(denied, 'action')} not allowed: {', '.join(ways)}"


def _rules(request: RunRequest, settings: Settings) -> Rules:
    return Rules(
        allow=(*request.allow, *settings.get("run.allow")),
        deny=(*request.deny, *settings.get("run.deny")),
    )


def _setting(backend: Backend, settings: Settings) -> Access | None:
    access = settings.backend(backend.name, "access") or settings.get("run.access")
    return Access(access) if access else None


def _named(access: Access | None) -> str:
    return f"`{access.value}`" if access else "the agent's own default"
