"""A stand-in for an agent that speaks the Agent Client Protocol, run as a program of its own.

It keeps conversations in its HOME, and asks before it writes, but not in its mode `auto`. A prompt
is one of: `write NAME`, `recall`, `hang`, `fail`, `error WORDS`; else it is repeated. What it
offers is chosen by words in its command line: `load`, `resume`, `list`, `modes`, `stops`, `models`.
"""

import json
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

OFFERS = set(sys.argv[1:])
KEPT = Path(os.environ["HOME"], ".stand-in")


class Refused(Exception):  # noqa: N818  what the protocol calls an error
    """A request that is answered with an error."""


class Agent:
    """One connection; it handles one request at a time."""

    def __init__(self) -> None:
        self.session, self.cwd, self.mode, self.model = "", Path(), "auto", "m-1"
        self.asked = 0

    def serve(self) -> None:
        """Answer every request until stdin ends."""
        for line in sys.stdin:
            message = json.loads(line)
            method = getattr(self, message.get("method", "").replace("/", "_"), None)
            if "id" not in message or method is None:
                continue
            self.answer(message["id"], method, message["params"])

    def answer(self, identity: int, method: Callable[[Any], Any], params: Any) -> None:
        """The response to one request."""
        try:
            send({"id": identity, "result": method(params)})
        except Refused as error:
            send({"id": identity, "error": {"code": -32603, "message": str(error)}})

    def initialize(self, _: Any) -> Any:
        """What it offers."""
        sessions: Any = {name: {} for name in ("resume", "list") if name in OFFERS}
        offered = {"loadSession": "load" in OFFERS, "sessionCapabilities": sessions}
        return {"protocolVersion": 1, "agentCapabilities": offered}

    def session_new(self, params: Any) -> Any:
        """A new conversation."""
        self.session, self.cwd = uuid.uuid4().hex, Path(params["cwd"])
        return {"sessionId": self.session, **self.settings()}

    def session_load(self, params: Any) -> Any:
        """An earlier one, whose history is repeated."""
        found = self.session_resume(params)
        for prompt in self.prompts():
            self.update("user_message_chunk", content={"type": "text", "text": prompt})
            self.update("agent_message_chunk", content={"type": "text", "text": "of old"})
        return found

    def session_resume(self, params: Any) -> Any:
        """An earlier one."""
        self.session, self.cwd = params["sessionId"], Path(params["cwd"])
        if not self.file.exists():
            raise Refused("something went wrong")
        return self.settings()

    def session_list(self, _: Any) -> Any:
        """All of them."""
        return {"sessions": [{"sessionId": file.name} for file in KEPT.iterdir()]}

    def session_set_mode(self, params: Any) -> Any:
        """Another mode."""
        self.mode = params["modeId"]
        return {}

    def session_set_config_option(self, params: Any) -> Any:
        """Another model."""
        if params["value"] not in {"m-1", "m-2"}:
            raise Refused("no such value")
        self.model = params["value"]
        return {}

    def session_prompt(self, params: Any) -> Any:
        """One turn."""
        prompt = params["prompt"][0]["text"]
        before = self.prompts()
        KEPT.mkdir(exist_ok=True)
        self.file.write_text(json.dumps([*before, prompt]))
        word, _, rest = prompt.partition(" ")
        reason = "end_turn"
        if word == "hang":
            self.say("I hang")
            sys.stdin.read()
        elif word == "fail":
            raise Refused("429 too many requests")
        elif word == "error":
            self.say(f"Error: {rest}")
        elif word == "write":
            reason = self.write(rest)
        else:
            # The second is the question of `clinvk backends test`.
            recalls = word in {"recall", "Which"}
            self.say(" ".join(before) if recalls else f"{self.mode} {self.model} {prompt}")
        figures = {"inputTokens": 10 * (1 + len(before)), "outputTokens": 1 + len(before)}
        return {"stopReason": reason, "usage": figures}

    def write(self, name: str) -> str:
        """Write a file, if that is allowed; the reason why the turn ends."""
        place = str(self.cwd / name)
        change = {"type": "diff", "path": place, "oldText": None, "newText": "written"}
        call = {"toolCallId": "c-1", "title": f"Write {name}", "kind": "edit", "content": [change]}
        self.update("tool_call", **call, status="pending")
        allowed = self.mode == "auto" or self.ask(call)
        if allowed:
            Path(place).write_text("written")
        self.update(
            "tool_call_update", toolCallId="c-1", status="completed" if allowed else "failed"
        )
        if not allowed and "stops" in OFFERS:
            return "cancelled"
        self.say("written" if allowed else "not written")
        return "end_turn"

    def ask(self, call: Any) -> bool:
        """Ask, and wait for the answer."""
        self.asked += 1
        options = [
            {"optionId": kind, "kind": kind, "name": kind}
            for kind in ("allow_always", "allow_once", "reject_once")
        ]
        params = {"sessionId": self.session, "toolCall": call, "options": options}
        send({"id": f"p-{self.asked}", "method": "session/request_permission", "params": params})
        answer = json.loads(sys.stdin.readline() or '{"result": {}}')
        chosen = answer["result"].get("outcome", {}).get("optionId")
        assert chosen != "allow_always"
        return bool(chosen == "allow_once")

    def settings(self) -> Any:
        """Its modes and models."""
        names = [{"id": name, "name": name} for name in ("auto", "careful")]
        modes = {"modes": {"currentModeId": self.mode, "availableModes": names}}
        values = [{"value": "m-1", "name": "m-1"}, {"value": "m-2", "name": "m-2"}]
        option = {"id": "model", "type": "select", "currentValue": self.model, "options": values}
        return {
            **(modes if "modes" in OFFERS else {}),
            **({"configOptions": [option]} if "models" in OFFERS else {}),
        }

    @property
    def file(self) -> Path:
        """Where the conversation is kept."""
        return KEPT / self.session

    def prompts(self) -> list[str]:
        """All that it was told before."""
        return json.loads(self.file.read_text()) if self.file.exists() else []

    def say(self, words: str) -> None:
        """A piece of the answer."""
        self.update("agent_message_chunk", content={"type": "text", "text": words})

    def update(self, update: str, **what: Any) -> None:
        """Report something."""
        told = {"sessionUpdate": update, **what}
        send({"method": "session/update", "params": {"sessionId": self.session, "update": told}})


def send(message: Any) -> None:
    """A line to clinvk."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Agent().serve()
