"""All checks, one after another; with `fix`, the safe repairs and then all checks again."""

from collections.abc import Callable

from msgspec.structs import replace

from clinvk.errors import ClinvkError
from clinvk.model.finding import Area, Checked, Examination
from clinvk.model.progress import Progress, unwatched
from clinvk.services.agents.states import backend_states
from clinvk.services.doctor.agents import check_agents
from clinvk.services.doctor.cleanings import check_cleanings
from clinvk.services.doctor.configuration import check_configuration, settings_or_defaults
from clinvk.services.doctor.conversations import check_conversations
from clinvk.services.doctor.findings import Report, problem
from clinvk.services.doctor.home import check_home
from clinvk.services.doctor.index import check_index
from clinvk.services.doctor.lock_files import check_locks
from clinvk.services.doctor.machine import check_machine
from clinvk.services.doctor.records import check_records
from clinvk.services.doctor.repairs import apply_repair
from clinvk.services.doctor.survey import Survey, survey
from clinvk.services.world import World

CHECKS: dict[Area, Callable[[Survey], Report]] = {
    Area.BACKENDS: check_agents,
    Area.CONFIGURATION: check_configuration,
    Area.HOME: check_home,
    Area.SESSIONS: check_records,
    Area.LOCKS: check_locks,
    Area.INDEX: check_index,
    Area.CONVERSATIONS: check_conversations,
    Area.CLEANINGS: check_cleanings,
    Area.MACHINE: check_machine,
}


def examine(
    world: World, *, encoding: str, fix: bool = False, progress: Progress = unwatched
) -> Examination:
    """Check everything that could go wrong; `encoding` is that of the output.

    `progress` counts the checks, and then the repairs. Without `fix`, nothing is written, and only
    the agents' `--version` is run. With `fix`, the safe repairs are made first, and the result is
    the state after them.
    """
    settings = settings_or_defaults(world)
    world = replace(world, settings=settings)
    backends = tuple(backend_states(settings, world))
    fixed: list[str] = []
    unfixed: list[str] = []

    def checked() -> tuple[Checked, ...]:
        seen = survey(world, settings, backends, encoding)
        done: list[Checked] = []
        for area, check in CHECKS.items():
            progress(len(done), len(CHECKS))
            done.append(_try(area, check, seen))
        progress(len(done), len(CHECKS))
        return tuple(done)

    if fix:
        findings = Examination(checked=checked()).findings
        repairs = [one.repair for one in findings if one.repair is not None]
        for number, repair in enumerate(repairs):
            progress(number, len(repairs))
            try:
                fixed.append(apply_repair(repair, world))
            except ClinvkError as error:
                unfixed.append(error.message)
    return Examination(checked=checked(), fixed=tuple(fixed), unfixed=tuple(unfixed))


def _try(area: Area, check: Callable[[Survey], Report], seen: Survey) -> Checked:
    """A check that fails does not stop the others."""
    try:
        summary, findings = check(seen)
        return Checked(area=area, summary=summary, findings=tuple(findings))
    except (ClinvkError, OSError) as error:
        why = error.message if isinstance(error, ClinvkError) else str(error)
        finding = problem(
            "not_checked",
            f"this could not be checked: {why}",
            where=str(seen.world.home.root),
            remedy="check the permissions of the home",
        )
        return Checked(area=area, summary="", findings=(finding,))
