"""A run of which nothing is kept: ephemeral, or in a home that cannot be written."""

from clinvk.model.events import Event
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session
from clinvk.process.runner import Child
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.world import World


class Unrecorded:
    """What a `Recording` is where nothing is written."""

    session_id: str | None = None
    keeps_words = False

    def __init__(self, session: Session, world: World, unrecorded: str | None = None) -> None:
        self.session = session
        self.unrecorded = unrecorded
        self._world = world

    def start(self, plan: TurnPlan) -> None:
        """Only in memory."""
        del plan
        self.session = self.session.turn_started(at=self._world.now())

    def start_again(self, plan: TurnPlan) -> None:
        """What is not kept goes on with nothing, so that nothing can be gone."""

    def child_started(self, child: Child) -> None:
        """Nothing to keep."""

    def event(self, event: Event) -> None:
        """Nothing to keep."""

    def quiet(self) -> None:
        """Nothing to put down."""

    def finish(self, outcome: Outcome) -> None:
        """Only in memory."""
        self.session = self.session.turn_finished(
            outcome, number=self.session.turns_begun, at=self._world.now()
        )

    def void(self, reason: str) -> None:
        """Nothing to take back."""

    def trouble(self) -> str | None:
        """Nothing can go wrong with what is not written."""
        return None
