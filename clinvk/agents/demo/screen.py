"""The demo agent's own screen: it answers each line from the terminal, until `exit` or the end.

Ctrl-C stops an answer.
"""

import os
import signal
import sys

from clinvk.agents.demo.conversation import Conversation, Failed
from clinvk.agents.demo.turn import Turn

PROMPT = "demo> "


def run_screen(options: dict[str, str]) -> int:
    """Run the screen and return the exit code."""
    conversation = Conversation(options)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    show(f"clinvk's demo agent, session {conversation.id}; `exit` ends it\n")
    for earlier in conversation.turns:
        show(f"{PROMPT}{earlier['prompt']}\n{earlier['answer'] or '(no answer)'}\n")
    while True:
        try:
            show(PROMPT)
            line = sys.stdin.readline()
            if not line or line.strip() == "exit":
                show("" if line else "\n")
                return 0
            if line.strip():
                Turn(conversation, options, line.rstrip("\n"), show_event, ask).run()
        except KeyboardInterrupt:
            show("\n(interrupted)\n")
        except Failed as failed:
            if failed.code == "cancelled":  # SIGTERM
                raise
            show(f"error: {failed}\n")


def show_event(kind: str, **fields: object) -> None:
    """Show an event in readable form."""
    match kind:
        case "text":
            show(str(fields["text"]))
        case "tool":
            show(f"· {fields['name']} {fields['summary']}\n")
        case "warning":
            show(f"{fields['message']}\n")
        case "done":
            show("\n")


def ask(request: dict[str, object]) -> dict[str, object]:
    """Ask whether a tool may be used; only `y` allows it."""
    show(f"May I {request['name']} {request['summary']}? [y/n] ")
    return {"allow": sys.stdin.readline().strip() == "y"}


def show(text: str) -> None:
    """Write to the terminal without buffering."""
    os.write(1, text.encode("utf-8", errors="replace"))
