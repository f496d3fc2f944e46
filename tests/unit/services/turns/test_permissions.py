"""Who answers an agent's permission requests, and what is said and sent then."""

from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.agents.base import Parser, Reply
from clinvk.model.access import Access
from clinvk.model.events import Event, Message, PermissionAnswer, PermissionRequest, Warned
from clinvk.model.permission import DecidedBy, Decision, Rules, ToolKind
from clinvk.model.request import TurnRequest
from clinvk.services.turns.permissions import Dialogue, Permissions

ALLOW, DENY = Decision.ALLOW, Decision.DENY


def _edits(path: str = "a.py", request_id: str = "1") -> PermissionRequest:
    return PermissionRequest(
        id=request_id, tool="Write", kind=ToolKind.EDIT, summary=path, paths=(path,)
    )


def _runs(command: str, request_id: str = "1") -> PermissionRequest:
    return PermissionRequest(
        id=request_id, tool="Bash", kind=ToolKind.EXECUTE, summary=command, command=command
    )


def _turn(access: Access | None, cwd: Path) -> TurnRequest:
    return TurnRequest(prompt="p", cwd=cwd, access=access)


@pytest.mark.parametrize(
    ("access", "edit", "command"),
    [
        (Access.READ_ONLY, (DENY, DecidedBy.ACCESS), (DENY, DecidedBy.ACCESS)),
        (Access.ASK, (DENY, DecidedBy.NOBODY), (DENY, DecidedBy.NOBODY)),
        (None, (DENY, DecidedBy.NOBODY), (DENY, DecidedBy.NOBODY)),
        (Access.EDIT, (ALLOW, DecidedBy.ACCESS), (DENY, DecidedBy.ACCESS)),
        (Access.FULL, (ALLOW, DecidedBy.ACCESS), (ALLOW, DecidedBy.ACCESS)),
    ],
)
def test_without_a_person_the_access_decides(
    access: Access | None,
    edit: tuple[Decision, DecidedBy],
    command: tuple[Decision, DecidedBy],
    tmp_path: Path,
) -> None:
    """With `ask` nobody can be asked, so it is a denial."""
    permissions = Permissions(_turn(access, tmp_path), Rules(), can_ask=False)
    found = [permissions.decide(one) for one in (_edits(), _runs("ls"))]
    assert [(one.decision, one.by) for one in found if one] == [edit, command]


@pytest.mark.parametrize("access", [Access.READ_ONLY, Access.EDIT, Access.FULL])
def test_a_person_is_only_asked_if_the_access_requires_it(access: Access, tmp_path: Path) -> None:
    """A request under read-only is never shown."""
    permissions = Permissions(_turn(access, tmp_path), Rules(), can_ask=True)
    assert permissions.decide(_edits()) is not None
    asking = Permissions(_turn(Access.ASK, tmp_path), Rules(), can_ask=True)
    assert asking.decide(_edits()) is None


def test_yes_for_the_turn_is_for_this_tool_alone(tmp_path: Path) -> None:
    """A further request for it is not put to the person again; another tool's is."""
    permissions = Permissions(_turn(Access.ASK, tmp_path), Rules(), can_ask=True)
    assert permissions.decide(_edits()) is None
    permissions.note(PermissionAnswer(id="1", decision=Decision.ALLOW_TURN, by=DecidedBy.PERSON))
    further = permissions.decide(_edits("b.py", "2"))
    assert further == PermissionAnswer(id="2", decision=ALLOW, by=DecidedBy.TURN)
    assert permissions.decide(_runs("ls", "3")) is None


def test_rules_are_applied_before_a_person_is_asked_and_deny_wins(tmp_path: Path) -> None:
    """Also over an earlier yes for the whole turn."""
    rules = Rules(allow=("Edit", "Bash(git *)"), deny=("Edit(secret/**)",))
    permissions = Permissions(_turn(Access.ASK, tmp_path), rules, can_ask=True)
    allowed = permissions.decide(_edits())
    assert allowed == PermissionAnswer(id="1", decision=ALLOW, by=DecidedBy.RULE, rule="Edit")
    denied = permissions.decide(_edits("secret/key"))
    assert denied is not None
    assert (denied.decision, denied.rule) == (DENY, "Edit(secret/**)")
    assert permissions.decide(_runs("make")) is None
    full = Permissions(_turn(Access.FULL, tmp_path), rules, can_ask=True)
    assert full.decide(_edits("secret/key")) == denied


def test_a_rule_is_about_the_file_behind_a_link(tmp_path: Path) -> None:
    """A link in the directory does not make a file elsewhere one of the directory."""
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "link").symlink_to(tmp_path / "elsewhere")
    turn = _turn(Access.ASK, tmp_path / "project")
    permissions = Permissions(turn, Rules(allow=("Edit",)), can_ask=False)
    for path, decision in {"link/a": DENY, "../a": DENY, "a": ALLOW}.items():
        answer = permissions.decide(_edits(path))
        assert answer is not None
        assert answer.decision is decision


def test_a_path_is_allowed_only_if_every_reading_of_it_is(tmp_path: Path) -> None:
    """The system follows a link before `..`, most agents take out `..` first."""
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "project" / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    turn = _turn(Access.ASK, tmp_path / "project")
    permissions = Permissions(turn, Rules(allow=("Edit", "Read")), can_ask=False)
    for path in ("link/../a", "a\0b", "https://example.org/a/../../../../../../../../etc/x"):
        answer = permissions.decide(_edits(path))
        assert answer is not None
        assert answer.decision is DENY
    address = replace(_edits("https://example.org/"), kind=ToolKind.READ)
    answer = permissions.decide(address)
    assert answer is not None
    assert answer.decision is DENY


@pytest.mark.parametrize(
    "path",
    ["link/key", "SECRET/Key", "a/../secret/key", "{here}/link/key", "{here}//secret/key"],
)
def test_a_rule_that_denies_holds_for_each_name_of_a_file(tmp_path: Path, path: str) -> None:
    """That of a link too, and whatever its case."""
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "here").symlink_to(tmp_path / "project")
    here = tmp_path / "here"
    rules = Rules(deny=("Edit(secret/key)", "Edit(link/key)"))
    permissions = Permissions(_turn(Access.ASK, here), rules, can_ask=True)
    answer = permissions.decide(_edits(path.format(here=here)))
    assert answer is not None
    assert answer.decision is DENY


def test_a_rule_that_denies_a_folder_holds_if_that_is_a_link(tmp_path: Path) -> None:
    """By the name in the rule as well as by the place behind it."""
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "link").symlink_to(tmp_path / "elsewhere")
    turn = _turn(Access.ASK, tmp_path / "project")
    for rule in ("Edit(link/**)", f"Edit({tmp_path}/elsewhere/**)"):
        permissions = Permissions(turn, Rules(allow=("Edit(**)",), deny=(rule,)), can_ask=False)
        answer = permissions.decide(_edits("link/key"))
        assert answer is not None
        assert answer.rule == rule


def test_a_change_of_unknown_files_is_denied_by_any_rule_for_files(tmp_path: Path) -> None:
    """It may be one of those."""
    turn = _turn(Access.ASK, tmp_path)
    permissions = Permissions(turn, Rules(allow=("Edit",), deny=("Edit(key)",)), can_ask=True)
    answer = permissions.decide(replace(_edits(), paths=()))
    assert answer is not None
    assert answer.decision is DENY


class _Parser(Parser):
    def feed(self, line: str) -> Iterable[Event | Reply]:
        return [Message(text=line)]

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        return [Reply(f"{answer.id} {answer.decision}\n".encode())]

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        del exit_code, stderr_tail
        return []


class _Child(Struct):
    sent: list[bytes] = field(default_factory=list)
    waits: bool = False
    interrupted: bool = False

    def reply(self, data: bytes) -> None:
        self.sent.append(data)

    def wait_for_person(self, waits: bool) -> None:  # noqa: FBT001  as the runner's
        self.waits = waits

    def interrupt(self) -> None:
        self.interrupted = True


class _Asker(Struct):
    asked: list[str] = field(default_factory=list)
    withdrawn: list[str | None] = field(default_factory=list)
    answers: deque[PermissionAnswer] = field(default_factory=deque)

    def fileno(self) -> int:
        return 7

    def ask(self, request: PermissionRequest) -> None:
        self.asked.append(request.id)

    def take_answers(self) -> Sequence[PermissionAnswer]:
        answers = tuple(self.answers)
        self.answers.clear()
        return answers

    def withdraw(self, request_id: str | None = None) -> None:
        self.withdrawn.append(request_id)


class _Recording(Struct):
    flushed: int = 0

    def quiet(self) -> None:
        self.flushed += 1


class _Plan(Struct):
    request: TurnRequest
    rules: Rules = Rules()


class _Scene:
    """A dialogue with stand-ins for everything around it."""

    def __init__(self, cwd: Path, *, person: bool = True) -> None:
        self.events: list[Event] = []
        self.child, self.recording = _Child(), _Recording()
        self.asker = _Asker() if person else None
        plan = _Plan(_turn(Access.ASK, cwd))
        self.dialogue = Dialogue(plan, self.asker, self.recording, self.events.append)  # type: ignore[arg-type]  # stand-ins
        self.dialogue.begin(self.child, _Parser())  # type: ignore[arg-type]  # a stand-in

    def answer(self, *given: PermissionAnswer) -> None:
        assert self.asker is not None
        self.asker.answers.extend(given)
        self.dialogue.hooks.on_wake()


@pytest.fixture
def scene(tmp_path: Path) -> _Scene:
    """A dialogue with a person."""
    return _Scene(tmp_path)


def test_a_question_is_on_disk_before_it_is_put(scene: _Scene) -> None:
    """And the agent is not idle until the answer, which is recorded before it is sent."""
    scene.dialogue.take([_edits()])
    assert scene.asker is not None
    assert (scene.recording.flushed, scene.asker.asked, scene.child.waits) == (1, ["1"], True)
    assert scene.child.sent == []
    yes = PermissionAnswer(id="1", decision=ALLOW, by=DecidedBy.PERSON)
    scene.answer(yes)
    assert scene.events == [_edits(), yes]
    assert scene.recording.flushed == 2
    assert (scene.child.sent, scene.child.waits) == ([b"1 allow\n"], False)


def test_several_questions_are_answered_in_any_order(scene: _Scene) -> None:
    """The agent waits until the last one has its answer; a second answer is dropped."""
    scene.dialogue.take([_edits("a", "1"), _edits("b", "2")])
    second = PermissionAnswer(id="2", decision=DENY, by=DecidedBy.PERSON)
    scene.answer(second, second)
    assert (scene.child.sent, scene.child.waits) == ([b"2 deny\n"], True)
    scene.answer(PermissionAnswer(id="1", decision=ALLOW, by=DecidedBy.PERSON))
    assert (scene.child.sent[1:], scene.child.waits) == ([b"1 allow\n"], False)


def test_a_question_that_the_agent_withdraws_accepts_no_answer(scene: _Scene) -> None:
    """It is removed from the screen, and a late answer is dropped."""
    withdrawn = PermissionAnswer(id="1", decision=DENY, by=DecidedBy.AGENT)
    scene.dialogue.take([_edits(), withdrawn])
    assert scene.asker is not None
    assert (scene.asker.withdrawn, scene.child.waits) == (["1"], False)
    scene.answer(PermissionAnswer(id="1", decision=ALLOW, by=DecidedBy.PERSON))
    assert scene.child.sent == []


def test_the_agents_end_withdraws_what_is_open(scene: _Scene) -> None:
    """Nobody answers a process that is gone."""
    scene.dialogue.take([_edits()])
    scene.dialogue.end()
    scene.answer(PermissionAnswer(id="1", decision=ALLOW, by=DecidedBy.PERSON))
    assert scene.asker is not None
    assert (scene.asker.withdrawn, scene.child.sent) == ([None], [])


def test_stop_is_sent_and_stops_the_turn(scene: _Scene) -> None:
    """As Ctrl-C does."""
    scene.dialogue.take([_edits()])
    scene.answer(PermissionAnswer(id="1", decision=Decision.STOP, by=DecidedBy.PERSON))
    assert (scene.child.sent, scene.child.interrupted) == ([b"1 stop\n"], True)


def test_an_automatic_denial_is_one_warning(tmp_path: Path) -> None:
    """The agent's report of the same denial is no second warning; one of another call is."""
    scene = _Scene(tmp_path, person=False)
    scene.dialogue.take([_runs("make install")])
    scene.dialogue.take([Warned(message="not allowed: Bash make install", code="denied")])
    other = Warned(message="not allowed: Bash make clean", code="denied")
    scene.dialogue.take([other])
    said = Warned(message="not allowed: Bash make install", code="denied")
    denied = PermissionAnswer(id="1", decision=DENY, by=DecidedBy.NOBODY)
    assert scene.events == [_runs("make install"), denied, said, other]
    assert scene.child.sent == [b"1 deny\n"]


def test_a_persons_denial_is_no_warning(scene: _Scene) -> None:
    """Neither from clinvk nor from the agent."""
    scene.dialogue.take([_edits()])
    no = PermissionAnswer(id="1", decision=DENY, by=DecidedBy.PERSON, reason="not now")
    scene.answer(no)
    scene.dialogue.take([Warned(message="not allowed: Write a.py", code="denied")])
    assert scene.events == [_edits(), no]
