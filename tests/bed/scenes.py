"""What is recorded from the real CLIs: scenes of one or more turns in one home.

A turn is one child process and becomes one case (a folder of `tests/contract/streams/`). The turns
of a scene go on with one conversation unless they say otherwise. `{project}` in a prompt is the
folder in which the agent works.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from bed.setups import SETUPS
from clinvk.agents.base import Capability
from clinvk.agents.registry import get

Stop = Literal["interrupt", "kill", "hangup", "timeout"]

CLAUDE = ("claude",)
CODEX = ("codex",)
GEMINI = ("gemini",)
OPENCODE = ("opencode",)
QWEN = ("qwen",)
ALL = tuple(SETUPS)
OTHERS = tuple(name for name in ALL if name not in CLAUDE + CODEX)
BOTH_CLAUDES = ("claude", "claude-next")
ALL_VERSIONS = (*ALL, "claude-next")


def _that_can(capability: Capability) -> tuple[str, ...]:
    return tuple(name for name in ALL if capability not in get(name).lacks)


OWN_ID = (*_that_can(Capability.OWN_ID), "claude-next")
"""Those to which a conversation's id can be given."""

UNKNOWN_ID = "00000000-0000-4000-8000-000000000404"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One child process: `request` has the fields of `TurnRequest` that differ from its defaults.

    `stop` ends it early: with a signal as soon as the answer waits at its gate, or (`timeout`) by
    killing it after `patience_s`. `answers` are those to what the agent asks, as in
    `contract.dialogue`; at a request without an answer `stop` ends it too, by a signal or
    (`hangup`) by closing its stdin.
    """

    case: str
    prompt: str
    request: dict[str, Any] = field(default_factory=dict)
    stop: Stop | None = None
    patience_s: float = 4
    answers: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Turns in one home; `agents` are the CLIs that play it, the rest is as in `AgentHome`.

    Without `signed_in` the agents have no key, without `online` nothing answers at their model.
    """

    turns: tuple[Turn, ...]
    agents: tuple[str, ...] = ALL
    retries: int = 1
    chatty: bool = False
    signed_in: bool = True
    online: bool = True


def _one(
    case: str,
    prompt: str,
    agents: tuple[str, ...] = ALL,
    stop: Stop | None = None,
    **request: Any,
) -> Scene:
    turn = Turn(case=case, prompt=prompt, request=request, stop=stop)
    return Scene(turns=(turn,), agents=agents)


def _asks(
    case: str,
    prompt: str,
    agents: tuple[str, ...],
    *answers: str | dict[str, Any],
    stop: Stop | None = None,
    **request: Any,
) -> Scene:
    """A turn on the agents' live channel; an answer is a decision, or what it says besides."""
    told = tuple({"decision": each} if isinstance(each, str) else each for each in answers)
    asked = {"access": "ask", **request}
    turn = Turn(case=f"asks_{case}", prompt=prompt, request=asked, stop=stop, answers=told)
    return Scene(turns=(turn,), agents=agents)


def _ask_sub_agent(tool: str, kind: str) -> str:
    asked = f'"description": "help", "prompt": "Help with it.", "subagent_type": "{kind}"'
    return f"Ask. [[tool:{tool}|{{{{{asked}}}}}]]"


_WRITE = "Write a note. [[write:{project}/note.txt|hello]]"
_ASK = {"access": "ask"}
_TWICE = ("allow", "allow")
_WORDS = "in another folder"
_COLOR = (
    '{{"question": "Which color?", "header": "Color", "multiSelect": false, "options": ['
    '{{"label": "Red", "description": "r"}}, {{"label": "Blue", "description": "b"}}]}}'
)
_HELPER = (
    '[[tool:Task|{{"description": "help", "subagent_type": "general-purpose", '
    '"run_in_background": true, "prompt": "Create a file named `{project}/note.txt`."}}]]'
)
_INTO_PLAN_MODE = '[[tool:enter_plan_mode|{{"reason": "to leave it"}}]]'
_OUT_OF_PLAN_MODE = (
    '[[tool:write_file|{{"file_path": "p.md", "content": "A plan."}}]]'
    '[[tool:exit_plan_mode|{{"plan_filename": "p.md"}}]][[run:echo out > out.txt]]'
)
_CACHED = "Count. [[usage:in=100,cached=40,write=5,out=20,reasoning=7]]"

_ESCALATED = '{{"cmd": "%s", "sandbox_permissions": "require_escalated", "justification": "%s"}}'
_OUTSIDE = f"Make it. [[tool:exec_command|{_ESCALATED % ('touch made.txt', 'May I make it?')}]]"
"""A command that codex is to run outside of its sandbox."""

SCENES: tuple[Scene, ...] = (
    _one("one_shot", "Say something."),
    Scene(
        agents=ALL_VERSIONS,
        turns=(
            Turn(case="three_turns_1", prompt="The first prompt."),
            Turn(case="three_turns_2", prompt="The second prompt. [[run:true]]"),
            Turn(case="three_turns_3", prompt="The third prompt. [[run:true]]"),
        ),
    ),
    Scene(
        agents=ALL_VERSIONS,
        turns=(
            Turn(case="usage_cached", prompt=_CACHED),
            Turn(case="usage_cached_resumed", prompt=_CACHED),
        ),
    ),
    Scene(
        agents=OWN_ID,
        chatty=True,
        turns=(Turn(case="side_request", prompt="Refactor the parser of the invoices module."),),
    ),
    _one("tool_write", _WRITE, access="edit"),
    _one("tool_modify", f"{_WRITE}[[edit:{{project}}/note.txt|hello|good day]]", access="edit"),
    _one("tool_write_full", _WRITE, access="full"),
    _one("tool_shell", "List. [[run:echo one; echo two]]", access="edit"),
    _one("tool_shell_fails", "Fail. [[run:ls no-such-file]]", access="edit"),
    _one("tool_shell_full", "List. [[run:echo one; echo two]]", OTHERS, access="full"),
    _one("tool_shell_full_fails", "Fail. [[run:ls no-such-file]]", OTHERS, access="full"),
    _one("sub_agent", _ask_sub_agent("Task", "general-purpose"), BOTH_CLAUDES, access="full"),
    _one("sub_agent", _ask_sub_agent("task", "general"), OPENCODE, access="full"),
    _one("sub_agent", _ask_sub_agent("agent", "general-purpose"), QWEN, access="full"),
    _one("tool_denied", _WRITE),
    _one("tool_read_only", _WRITE, access="read-only"),
    _one("tool_outside", "Write. [[write:{project}/../note.txt|hello]]", GEMINI, access="edit"),
    _one("plan_mode_read_only", _OUT_OF_PLAN_MODE, GEMINI, access="read-only"),
    _one("plan_mode_edit", _INTO_PLAN_MODE + _OUT_OF_PLAN_MODE, GEMINI, access="edit"),
    _one("thinking", "Think. [[think:Let me see.]][[say:Seen.]]", ALL_VERSIONS),
    _one("steps", "Work. [[steps:3]][[say:Done.]]"),
    _one("steps_full", "Work. [[steps:3]][[say:Done.]]", OTHERS, access="full"),
    _one("max_turns", "Work. [[steps:3]]", BOTH_CLAUDES, max_turns=2),
    _one("max_turns", "Work. [[steps:3]]", QWEN, access="full", max_turns=2),
    _one(
        "system_prompt",
        "Who are you?",
        _that_can(Capability.SYSTEM_PROMPT),
        system_prompt="You are a pirate.",
    ),
    _one("other_model", "Who are you?", model="claude-haiku-4-5", agents=CLAUDE),
    _one("unknown_metadata", "Say something.", CODEX, model="gpt-5.1-codex"),
    _one("ephemeral", "Forget this.", _that_can(Capability.EPHEMERAL), ephemeral=True),
    _one("error_400", "Go. [[error:400]]", ALL_VERSIONS),
    _one("error_401", "Go. [[error:401]]", ALL_VERSIONS),
    _one("error_403", "Go. [[error:403]]", ALL_VERSIONS),
    _one("error_429", "Go. [[error:429]]", ALL_VERSIONS),
    _one("error_429_passes", "Go. [[error:429*1]]", ALL_VERSIONS),
    Scene(
        agents=CLAUDE,
        retries=10,
        turns=(Turn(case="error_429_timeout", prompt="Go. [[error:429]]", stop="timeout"),),
    ),
    _one("error_quota", "Go. [[error:429:insufficient_quota]]", (*CODEX, *OTHERS)),
    _one("error_key", "Go. [[error:400:invalid_key]]", GEMINI),
    _one("error_credit", "Go. [[error:400:credit]]", BOTH_CLAUDES),
    _one("error_500", "Go. [[error:500]]", ALL_VERSIONS),
    _one("error_529", "Go. [[error:529]]", ALL_VERSIONS),
    _one("error_after_tools", "Go. [[steps:2]][[error:400]]"),
    _one("error_in_stream", "Go. [[fail:overloaded_error]]", ALL_VERSIONS),
    _one("connection_cut", "Go. [[cut]]", (*OWN_ID, "codex")),
    Scene(
        agents=OPENCODE,
        turns=(Turn(case="connection_cut", prompt="Go. [[cut]]", stop="timeout", patience_s=25),),
    ),
    _one("context_too_long", "Go. [[error:400:context_too_long]]", (*OWN_ID, "opencode")),
    _one("context_too_long", "Go. [[fail:context_too_long]]", CODEX),
    _one("model_unknown", "Go.", ALL_VERSIONS, model="no-such-model"),
    Scene(
        agents=ALL_VERSIONS,
        signed_in=False,
        turns=(Turn(case="not_signed_in", prompt="Go."),),
    ),
    Scene(
        agents=(*BOTH_CLAUDES, *OTHERS),
        online=False,
        turns=(Turn(case="network_down", prompt="Go."),),
    ),
    Scene(  # it waits for the network to come back, for ever
        agents=CODEX,
        online=False,
        turns=(Turn(case="network_down", prompt="Go.", stop="timeout", patience_s=25),),
    ),
    _one("two_results", "Work. [[background:sleep 2]][[say:Begun.]]", BOTH_CLAUDES, access="full"),
    _one("conversation_gone", "Go on.", ALL_VERSIONS, resume=True, conversation=UNKNOWN_ID),
    _asks(
        "edit", f"{_WRITE}[[edit:{{project}}/note.txt|hello|good day]]", OTHERS, "allow", "allow"
    ),
    _asks("edit_denied", _WRITE, OTHERS, "deny"),
    _asks("reason", _WRITE, OTHERS, {"decision": "deny", "reason": "Use another name."}),
    _asks("shell", "Touch. [[run:touch one.txt; echo two]]", OTHERS, "allow"),
    _asks("shell_fails", "Touch. [[run:touch no/one.txt]]", OTHERS, "allow"),
    _asks("shell_stopped", "Touch. [[run:touch one.txt]]", OTHERS, "stop"),
    _asks(
        "for_the_turn",
        "Touch. [[run:touch one.txt]][[run:touch two.txt]]",
        OTHERS,
        "allow_turn",
        {"decision": "allow", "by": "turn"},
    ),
    _asks("hangup", _WRITE, OTHERS, stop="hangup"),
    _asks("killed", _WRITE, OTHERS, stop="kill"),
    _asks("nothing", "Think. [[think:Let me see.]][[say:Seen.]]", OTHERS),
    _asks("usage", f"{_CACHED}[[run:touch one.txt]]", OTHERS, "allow"),
    _asks("max_turns", "Work. [[steps:3]]", QWEN, "allow", "allow", "allow", max_turns=2),
    _asks("error_401", "Go. [[error:401]]", OTHERS),
    _asks("error_429", "Go. [[error:429]]", OTHERS),
    _asks("context_too_long", "Go. [[error:400:context_too_long]]", (*GEMINI, *QWEN)),
    _asks("conversation_gone", "Go on.", OTHERS, resume=True, conversation=UNKNOWN_ID),
    Scene(
        agents=(*OPENCODE, *QWEN),
        turns=(
            Turn(case="asks_after_headless_1", prompt="Remember the word kiwi."),
            Turn(
                case="asks_after_headless_2",
                prompt="Which word did I ask you to remember?",
                request={"access": "ask"},
            ),
            Turn(case="asks_after_headless_3", prompt="The third prompt."),
        ),
    ),
    Scene(
        agents=OWN_ID,
        turns=(
            Turn(case="session_id_first", prompt="The first prompt."),
            Turn(case="session_id_in_use", prompt="The same.", request={"resume": False}),
        ),
    ),
    _one("cancelled", "Talk. [[gate]]", ALL_VERSIONS, "interrupt"),
    _asks("write", _WRITE, BOTH_CLAUDES, "allow"),
    _asks("modify", f"{_WRITE}[[edit:{{project}}/note.txt|hello|good day]]", CLAUDE, *_TWICE),
    _asks("denied", _WRITE, BOTH_CLAUDES, {"decision": "deny", "reason": _WORDS}),
    _asks("denied_by_nobody", _WRITE, CLAUDE, {"decision": "deny", "by": "nobody"}),
    _asks(
        "command",
        "Run. [[run:echo one > one.txt]]",
        BOTH_CLAUDES,
        {"decision": "allow", "command": "echo two > two.txt"},
    ),
    _asks("stop", _WRITE, BOTH_CLAUDES, "stop"),
    _asks("interrupted", _WRITE, BOTH_CLAUDES, stop="interrupt"),
    _asks("killed", _WRITE, CLAUDE, stop="kill"),
    _asks("hangup", _WRITE, BOTH_CLAUDES, stop="hangup"),
    _asks(
        "fetch",
        'Look. [[tool:WebFetch|{{"url": "http://127.0.0.1:9/", "prompt": "p"}}]]',
        CLAUDE,
        "deny",
    ),
    _asks(
        "question",
        f'Ask. [[tool:AskUserQuestion|{{{{"questions": [{_COLOR}]}}}}]]',
        BOTH_CLAUDES,
        {"decision": "deny", "reason": "Red"},
    ),
    _asks(
        "question_unanswered",
        f'Ask. [[tool:AskUserQuestion|{{{{"questions": [{_COLOR}]}}}}]]',
        CLAUDE,
        "allow",
    ),
    _asks(
        "plan",
        'Plan. [[tool:EnterPlanMode|{{}}]][[tool:ExitPlanMode|{{"plan": "Write."}}]]',
        BOTH_CLAUDES,
        "allow",
    ),
    _asks("error_401", "Go. [[error:401]]", BOTH_CLAUDES),
    _asks("max_turns", "Work. [[steps:3]]", CLAUDE, max_turns=2),
    _asks("system_prompt", "Who are you?", CLAUDE, system_prompt="You are a pirate."),
    _asks("ephemeral", "Forget this.", CLAUDE, ephemeral=True),
    _asks("two_results", "Work. [[background:sleep 2]][[say:Begun.]]", BOTH_CLAUDES, "allow"),
    _asks("sub_agent", f"Ask. {_HELPER}[[say:Begun.]]", BOTH_CLAUDES, "allow"),
    _asks("conversation_gone", "Go on.", BOTH_CLAUDES, resume=True, conversation=UNKNOWN_ID),
    Scene(
        agents=BOTH_CLAUDES,
        turns=(
            Turn(case="asks_three_turns_1", prompt="The first prompt.", request=_ASK),
            Turn(case="asks_three_turns_2", prompt="The second prompt. [[run:true]]"),
            Turn(
                case="asks_three_turns_3",
                prompt="The third prompt. [[run:true > out.txt]]",
                request=_ASK,
                answers=({"decision": "allow"},),
            ),
        ),
    ),
    Scene(
        agents=ALL_VERSIONS,
        turns=(
            Turn(case="before_the_kill", prompt="The first prompt."),
            Turn(case="killed", prompt="Talk. [[gate]]", stop="kill"),
            Turn(case="interrupted_resume", prompt="The third prompt."),
        ),
    ),
    _asks("write", _WRITE, CODEX, "allow"),
    _asks(
        "modify", f"{_WRITE}[[edit:{{project}}/note.txt|hello|good day]]", CODEX, "allow", "deny"
    ),
    _asks("write_denied", _WRITE, CODEX, "deny"),
    _asks("reason", _WRITE, CODEX, {"decision": "deny", "reason": "Write it elsewhere."}),
    _asks("stop", _WRITE, CODEX, "stop"),
    _asks("command", _OUTSIDE, CODEX, "allow_turn"),
    _asks("command_denied", _OUTSIDE, CODEX, "deny"),
    _asks("nobody", _WRITE, CODEX, stop="hangup"),
    _asks("killed", _WRITE, CODEX, stop="kill"),
    _asks("shell", "List. [[run:echo one; echo two]]", CODEX),
    _asks("thinking", "Think. [[think:Let me see.]][[say:Seen, and said word by word.]]", CODEX),
    _asks("error_401", "Go. [[error:401]]", CODEX),
    _asks("error_429", "Go. [[error:429]]", CODEX),
    _asks("error_500", "Go. [[error:500]]", CODEX),
    _asks("error_after_tools", "Go. [[steps:2]][[error:400]]", CODEX),
    _asks("connection_cut", "Go. [[cut]]", CODEX),
    _asks("conversation_gone", "Go on.", CODEX, resume=True, conversation=UNKNOWN_ID),
    _asks("cancelled", "Talk. [[gate]]", CODEX, stop="interrupt"),
    _asks("ephemeral", "Forget this.", CODEX, ephemeral=True),
    _asks("system_prompt", "Who are you?", CODEX, system_prompt="You are a pirate."),
    Scene(
        agents=CODEX,
        turns=(
            Turn(case="asks_alternating_1", prompt=_CACHED, request={"access": "ask"}),
            Turn(case="asks_alternating_2", prompt=_CACHED),
            Turn(case="asks_alternating_3", prompt=_CACHED, request={"access": "ask"}),
        ),
    ),
)
