"""Plans one turn: everything that is decided before a process is started."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability
from clinvk.errors import BackendUnsupportedError, UsageError
from clinvk.model.access import Access
from clinvk.model.config import Settings
from clinvk.model.conversation import TurnMode
from clinvk.model.moved import is_moved
from clinvk.model.permission import NO_RULES, Rules
from clinvk.model.request import IfMissing, Invocation, RunRequest, TurnRequest
from clinvk.model.session import Session
from clinvk.process.limits import Limits
from clinvk.services.agents.programs import default_backend, program_of, started_program
from clinvk.services.agents.project_files import refuse_programs_of_project
from clinvk.services.turns.access import (
    access_of,
    access_warnings,
    refuse_wider_arguments,
    rules_of,
    useless_rules,
)
from clinvk.services.turns.attached import Attached, attached_to
from clinvk.services.turns.conversation import (
    ChosenConversation,
    Past,
    conversation_instead,
    conversation_of,
)
from clinvk.services.turns.depth import refuse_too_deep
from clinvk.services.turns.directories import turn_directory
from clinvk.services.turns.own_figures import counters_kept
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import read_text
from clinvk.text.sanitize import safe_line
from clinvk.text.units import parse_duration

_FIRST_RESUME = 2


class TurnPlan(Struct, frozen=True, kw_only=True):
    """One turn, ready to start. `warnings` are shown to the user.

    `rules` answer the agent's permission requests. `program` is the start of the invocation's argv.
    `prompt` is that of the user; the sent text can have earlier turns before it. `moves_to` is the
    new directory of the session if the turn succeeds. `conversation_origin` is as in `Turn`. `kept`
    means that the agent's files have the conversation. `created` is as in `TurnStart`. `instead`
    gives the plan to use if the agent reports the conversation as missing.
    """

    backend: Backend
    prompt: str
    request: TurnRequest
    invocation: Invocation
    limits: Limits
    warnings: tuple[str, ...]
    rules: Rules = NO_RULES
    program: tuple[str, ...] = ()
    moves_to: str | None = None
    conversation_origin: IfMissing | None = None
    kept: bool = False
    created: str | None = None
    instead: "Callable[[], TurnPlan] | None" = None


def backend_for(
    request: RunRequest, session: Session | None, settings: Settings, world: World
) -> Backend:
    """The session's backend, else the requested one, else the default.

    Raises `UsageError` if the request names a backend other than the session's.
    """
    if session is None:
        return (
            world.agents.get(request.backend)
            if request.backend
            else default_backend(settings, world, screen=request.interactive)
        )
    if request.backend not in (None, session.backend):
        raise UsageError(
            f"session `{request.name or session.id}` belongs to backend `{session.backend}`,"
            f" not `{request.backend}`",
            hint=_other_backend(request, session, world),
        )
    return world.agents.get(session.backend)


def _other_backend(request: RunRequest, session: Session, world: World) -> str:
    """How to continue the session, or to use its name for another one."""
    if request.name is None:
        return "leave `-b` out to continue it, or start a new session"
    from clinvk.services.sessions.nothing_done import nothing_happened

    if nothing_happened(world.store, session):
        return f"nothing happened in it: `clinvk sessions delete {request.name}` frees the name"
    free = f"`clinvk sessions name {request.name} --clear` frees the name"
    return f"leave `-b` out to continue it; {free}"


def plan_turn(  # noqa: PLR0913  everything that a turn depends on
    request: RunRequest,
    session: Session,
    backend: Backend,
    settings: Settings,
    world: World,
    *,
    past: Past | None = None,
    gone: bool = False,
    attached: Attached | None = None,
) -> TurnPlan:
    """The session's next turn: the request, with defaults from the session.

    `past` reads the session's turns, None for a new one; it is only called if the agent's files do
    not have the conversation. `gone` means that the agent itself reported it as missing. `attached`
    is what an earlier plan of the turn has read.

    Raises the first error: a missing directory, a missing conversation, an option that the agent
    does not support, a missing program.
    """
    refuse_too_deep(world.environ, settings)
    cwd, moves_to = turn_directory(request, session)
    found = conversation_instead if gone else conversation_of
    conversation = found(request, session, backend, world, past)
    asked = _Asked(request=request, session=session, backend=backend, settings=settings)
    attached = attached or attached_to(request, session)
    turn = _turn_request(asked, conversation, cwd, world, attached)
    backend.refuse_unsupported(turn)
    refuse_wider_arguments(request, turn, backend)
    rules = rules_of(request, turn, backend, settings)
    if turn.access is Access.READ_ONLY and backend.runs_always(turn):
        for directory in (cwd, *turn.add_dirs):
            refuse_programs_of_project(backend, directory, world, turn.texts)
    invocation = backend.screen(turn) if request.interactive else backend.invocation(turn)
    if invocation is None:
        raise backend.unsupported(Capability.SCREEN)
    invocation = _with_git_variables(invocation, turn, world)
    program = program_of(backend, settings, world)
    started = started_program(backend, program, invocation.argv[0], world)
    ask_again = conversation.resume and request.if_missing is not IfMissing.FAIL
    return TurnPlan(
        backend=backend,
        prompt=request.prompt,
        request=turn,
        invocation=replace(invocation, argv=(*started, *invocation.argv[1:])),
        limits=_limits(request, settings),
        program=program,
        warnings=(
            *useless_rules(rules, backend, world),
            *_warnings(asked, conversation, turn.access),
            *(f"the added directory `{safe_line(one)}` no longer exists" for one in attached.gone),
            *_may_be_lost(asked, conversation, world),
        ),
        rules=rules,
        moves_to=moves_to,
        conversation_origin=conversation.origin,
        kept=conversation.kept and not turn.elsewhere and not is_moved(session),
        instead=partial(
            plan_turn,
            request,
            session,
            backend,
            settings,
            world,
            past=past,
            gone=True,
            attached=attached,
        )
        if ask_again
        else None,
    )


class _Asked(Struct, frozen=True, kw_only=True):
    """The request, its session, its backend and the settings."""

    request: RunRequest
    session: Session
    backend: Backend
    settings: Settings

    @property
    def model(self) -> str | None:
        """The requested model, now or for the session; else the last, if the agent accepts one."""
        asked = self.request.model or self.session.model_asked
        if asked is not None or Capability.MODEL in self.backend.lacks:
            return asked
        return self.session.conversation.model

    @property
    def max_turns(self) -> int | None:
        """The requested limit, or that of the settings if the agent supports one."""
        request = self.request
        if request.max_turns is not None or request.interactive:
            return request.max_turns
        if Capability.MAX_TURNS in self.backend.lacks:
            return None
        limit: int | None = self.settings.get("run.max_turns")
        return limit


def _turn_request(
    asked: _Asked, conversation: ChosenConversation, cwd: Path, world: World, attached: Attached
) -> TurnRequest:
    request, session, backend = asked.request, asked.session, asked.backend
    replayed, resumes = conversation.replay, conversation.resume
    extra_args = asked.settings.backend(backend.name, "extra_args")
    access = access_of(request, session, backend, asked.settings)
    reads = backend.reads_files(access, world.user_home, world.environ)
    turn = TurnRequest(
        prompt=replayed.before(request.prompt) if replayed else request.prompt,
        cwd=cwd,
        conversation=conversation.id,
        mode=TurnMode.RESUME if resumes else TurnMode.START,
        elsewhere=resumes and str(cwd) != session.cwd,
        model=asked.model,
        access=access,
        system_prompt=request.system_prompt or session.system_prompt,
        system_prompt_changed=(resumes or conversation.origin is not None)
        and request.system_prompt not in (None, session.system_prompt),
        images=attached.images,
        schema=attached.schema,
        add_dirs=attached.add_dirs,
        effort=request.effort or session.effort,
        max_turns=asked.max_turns,
        ephemeral=request.ephemeral and Capability.EPHEMERAL not in backend.lacks,
        backend_args=(*extra_args, *request.backend_args),
        counters=session.conversation.counters,
        baseline_known=session.conversation.counters_turn == session.next_turn - 1,
        home=world.user_home,
        environ={
            name: world.environ[name] for name in backend.reads_variables if name in world.environ
        },
        texts=dict(_texts(reads, backend)),
    )
    if not resumes or request.interactive or conversation.id is None:
        return turn
    counted = counters_kept(backend, conversation.id, world)
    return turn if counted is None else replace(turn, counters=counted, baseline_known=True)


def _texts(reads: Mapping[str, Path], backend: Backend) -> Iterator[tuple[str, str]]:
    """The contents of the existing files that the invocation depends on.

    Raises `BackendUnsupportedError` for one that cannot be read: it may contain restrictions.
    """
    for key, path in reads.items():
        files = sorted(path.parent.glob(path.name)) if "*" in path.name else [path]
        for file in filter(os.path.isfile, files):
            if read_text(file) is None:
                raise BackendUnsupportedError(
                    f"backend `{backend.name}` cannot be run: its file `{file}` cannot be read,"
                    " or is too large",
                    hint="correct it, or move it away",
                )
        texts = [text for file in files if (text := read_text(file)) is not None]
        if texts:
            yield key, "\n".join(texts)


def _with_git_variables(invocation: Invocation, turn: TurnRequest, world: World) -> Invocation:
    """The invocation with git's variables adapted to the agent's directory."""
    read_only = turn.access is Access.READ_ONLY
    if not read_only and not any(name.startswith("GIT_") for name in world.environ):
        return invocation
    from clinvk.services.turns.git_variables import git_variables, tame_git

    changes = git_variables(world.environ, world.cwd, invocation.cwd)
    tame = tame_git(world.environ, invocation.cwd) if read_only else {}
    # `git -c` stores its settings there, which would override ours.
    overriding = ("GIT_CONFIG_PARAMETERS",) if read_only else ()
    return replace(
        invocation,
        env={**tame, **changes.set, **invocation.env},
        env_unset=(*invocation.env_unset, *overriding, *changes.unset),
    )


def _warnings(
    asked: _Asked, conversation: ChosenConversation, access: Access | None
) -> Iterator[str]:
    """The warnings before the turn."""
    session, backend = asked.session, asked.backend
    if conversation.note is not None:
        yield conversation.note
    elif session.next_turn > 1 and not conversation.resume:
        yield "the agent never saw the earlier prompt: its conversation starts here"
    yield from access_warnings(session, access, backend, asked.settings)
    kept = backend.lacks.get(Capability.EPHEMERAL) if asked.request.ephemeral else None
    if kept is not None:
        yield f"{backend.title} itself still saves the conversation: {kept}"


def _may_be_lost(asked: _Asked, conversation: ChosenConversation, world: World) -> Iterator[str]:
    """A warning, once per session: after its first resume the agent may delete the conversation."""
    backend = asked.backend
    if not conversation.resume or asked.session.next_turn != _FIRST_RESUME:
        return
    path = backend.retention_settings(world.user_home, world.environ)
    if path is not None and (setting := backend.keeps_resumed(read_text(path))):
        yield (
            f"{backend.title} may delete this conversation when a new one starts here: "
            f"{setting} keeps it"
        )


def _limits(request: RunRequest, settings: Settings) -> Limits:
    def seconds(asked: float | None, key: str) -> float | None:
        default = settings.get(key)
        return asked if asked is not None else parse_duration(default) if default else None

    return Limits(
        timeout_s=seconds(request.timeout_s, "run.timeout"),
        idle_timeout_s=seconds(request.idle_timeout_s, "run.idle_timeout"),
    )
