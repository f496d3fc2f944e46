"""What a turn has said so far."""

from clinvk.model.events import Change, FileChange, Init, Message, Raw, Warned
from clinvk.services.heard import Heard


def test_deltas_join_and_a_new_message_begins_afresh() -> None:
    """The last message counts; pieces that another event parts are two messages."""
    heard = Heard()
    for event in (
        Message(text="a", delta=True),
        Message(text="b", delta=True),
        Raw(line="x"),
        Message(text="c", delta=True),
        Message(text="d", delta=True),
    ):
        heard.hear(event)
    assert heard.message == "cd"


def test_a_file_that_was_created_in_the_turn_stays_created() -> None:
    """Each path once, in the order of the first mention, with what became of it in the end."""
    heard = Heard()
    for path, change in (
        ("a", Change.CREATED),
        ("b", Change.MODIFIED),
        ("a", Change.MODIFIED),
        ("b", Change.DELETED),
    ):
        heard.hear(FileChange(path=path, change=change))
    assert [(file.path, file.change) for file in heard.files.values()] == [
        ("a", Change.CREATED),
        ("b", Change.DELETED),
    ]


def test_warnings_and_the_agents_id_are_noted() -> None:
    """Both stand in the report."""
    heard = Heard()
    heard.hear(Init(backend_session_id="id", model="m"))
    heard.hear(Warned(message="careful"))
    assert heard.init == Init(backend_session_id="id", model="m")
    assert heard.warnings == ["careful"]
