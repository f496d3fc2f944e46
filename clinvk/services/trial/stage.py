"""The stage of a trial: a separate home and project, deleted after the trial."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Backend
from clinvk.errors import ClinvkError, ExitStatus, StoppedBySignal
from clinvk.model.config import Setting, Settings
from clinvk.model.events import Event
from clinvk.model.report import ErrorReport, RunReport, TurnStart
from clinvk.model.request import RunRequest
from clinvk.process.descendants import RUN_MARK, new_mark
from clinvk.process.scratch import trial_folder
from clinvk.services.turns.run import run
from clinvk.services.world import World
from clinvk.store.home import HOME_VARIABLE, Home


class Stage(Struct, frozen=True, kw_only=True):
    """A backend with the user's settings, in an empty home and project (the world's directory).

    `word` is made up for this trial. All processes that are started have `mark` in their
    environment. A turn may take `patience_s`; None: the limit in the settings.
    """

    backend: Backend
    settings: Settings
    world: World
    patience_s: float | None
    word: str
    mark: str

    def ask(self, prompt: str, **asked: Any) -> RunReport:  # noqa: ANN401  fields of a request
        """Run one turn like `clinvk run`; an error before the turn is a report too.

        Raises `StoppedBySignal` if a signal ended it.
        """
        fields = {"backend": self.backend.name, "timeout_s": self.patience_s, **asked}
        request = RunRequest(prompt=prompt, **fields)
        try:
            report = run(request, self.world, self.settings, _NoObserver())
        except ClinvkError as error:
            return RunReport(exit_status=error.exit_status, error=ErrorReport.of_error(error))
        if report.exit_status in (ExitStatus.INTERRUPTED, ExitStatus.TERMINATED):
            raise StoppedBySignal(report.exit_status)
        return report

    def lose_conversation(self, session_id: str) -> None:
        """Replace the session's conversation by one that the agent does not know."""
        store = self.world.store
        session = store.load(session_id)
        gone = replace(session.conversation, id=self.world.new_uuid())
        store.save(session.with_conversation(gone))

    def files(self) -> frozenset[str]:
        """The relative paths of all files in the project."""
        project = self.world.cwd
        return frozenset(str(path.relative_to(project)) for path in project.rglob("*"))


@contextmanager
def stage_for(
    backend: Backend, settings: Settings, world: World, patience_s: float | None
) -> Iterator[Stage]:
    """Create the stage; at the end everything on it is deleted."""
    with trial_folder() as folder:
        home, project = folder.path / "home", folder.path / "project"
        home.mkdir(mode=0o700)
        project.mkdir()
        mark = new_mark(world.environ)
        environ = {**world.environ, HOME_VARIABLE: str(home), RUN_MARK: mark}
        yield Stage(
            backend=backend,
            settings=_as_tried(settings),
            world=replace(world, home=Home(home), cwd=project, environ=environ),
            patience_s=patience_s,
            word=made_up_word(world.new_uuid()),
            mark=mark,
        )


def made_up_word(ident: str) -> str:
    """A pronounceable word that no model knows: `vukobasilo`."""
    digits = [int(digit, 16) for digit in ident if digit in "0123456789abcdef"]
    return "".join("bdfgklmnprstvzjw"[digit] + "aeio"[digit % 4] for digit in digits[:5])


def _as_tried(settings: Settings) -> Settings:
    """The settings for separate turns with transcripts; the trial does not count for the depth."""
    over = {
        "session.auto_resume": False,
        "session.store_transcript": True,
        "run.max_depth": settings.get("run.max_depth") + 1,
    }
    return Settings(
        {**settings.values, **{key: Setting(value, "trial") for key, value in over.items()}}
    )


class _NoObserver:
    """Ignores all events of a run."""

    def started(self, turn: TurnStart) -> None:
        """Do nothing."""

    def event(self, event: Event) -> None:
        """Do nothing."""
