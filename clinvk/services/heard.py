"""What a turn has said so far, as far as its report needs it."""

from dataclasses import dataclass, field

from clinvk.model.events import Change, Event, FileChange, Init, Message, Result, Warned
from clinvk.model.files import FileReport


@dataclass(slots=True)
class Heard:
    """What a turn has said so far that its report needs."""

    pieces: list[str] = field(default_factory=list)
    in_delta: bool = False
    files: dict[str, FileReport] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    init: Init | None = None
    result: Result | None = None

    def hear(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, Message):
            if not (event.delta and self.in_delta):
                self.pieces.clear()
            self.pieces.append(event.text)
        elif isinstance(event, FileChange):
            self._file(event)
        elif isinstance(event, Warned):
            self.warnings.append(event.message)
        elif isinstance(event, Init):
            self.init = event
        elif isinstance(event, Result):
            self.result = event
        self.in_delta = isinstance(event, Message) and event.delta

    @property
    def message(self) -> str:
        """The last message, as far as it has come."""
        return "".join(self.pieces)

    def _file(self, event: FileChange) -> None:
        """A file that was created in this turn stays created however often it is modified."""
        before = self.files.get(event.path)
        change = event.change
        if before is not None and before.change is Change.CREATED and change is Change.MODIFIED:
            change = before.change
        self.files[event.path] = FileReport(path=event.path, change=change)
