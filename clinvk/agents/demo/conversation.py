"""A conversation of the demo agent on disk. Only the demo agent imports this."""
# ruff: noqa: PTH103, PTH105, PTH108, PTH111, PTH118, PTH120, PTH123  as in the agent

import json
import os
import re

MODELS = ("demo-1", "demo-2")
SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


class Failed(Exception):  # noqa: N818  it is the turn that failed
    """Ends the turn with an error event and this exit code."""

    def __init__(self, code: str, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = exit_code


def store_folder() -> str:
    """The folder with the conversations."""
    if chosen := os.environ.get("CLINVK_DEMO_HOME"):
        return chosen
    home = os.environ.get("CLINVK_HOME") or os.path.join(os.path.expanduser("~"), ".clinvk")
    return os.path.join(home, "demo")


class Conversation:
    """The conversation so far, as it is saved on disk."""

    def __init__(self, options: dict[str, str]) -> None:
        resumed, chosen = options.get("resume"), options.get("session")
        self.id = resumed or chosen or os.urandom(8).hex()
        if not SESSION_ID.fullmatch(self.id):
            raise Failed("option_refused", f"not a session id: {self.id}", 2)
        self.kept = "no-persistence" not in options
        self.saved = bool(resumed)
        self.path = os.path.join(store_folder(), f"{self.id}.json")
        self.model = MODELS[0]
        self.title = ""
        self.turns: list[dict[str, object]] = []
        if resumed:
            self.load()
        elif os.path.exists(self.path):
            raise Failed("conversation_exists", f"session {self.id} exists already")
        self.model = options.get("model", self.model)
        if self.model not in MODELS:
            raise Failed("model_unknown", f"there is no model {self.model}: {', '.join(MODELS)}")

    def load(self) -> None:
        """Load the conversation from its file."""
        try:
            with open(self.path, encoding="utf-8") as file:
                kept = json.load(file)
            self.model, self.turns = kept["model"], kept["turns"]
            self.title = kept.get("title", "")
        except FileNotFoundError:
            raise Failed("conversation_gone", f"there is no session {self.id}") from None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Failed("agent_failed", f"session {self.id} cannot be read: {error}") from error

    def save(self) -> None:
        """Save the conversation, readable only for its owner.

        One that could never be saved is not kept: without a home, a prompt is answered anyway.
        """
        if not self.kept:
            return
        try:
            self.write_file()
            self.saved = True
        except OSError:
            if self.saved:
                raise
            self.kept = False

    def write_file(self) -> None:
        """Replace the file. Raises `OSError`."""
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        # A temporary file as in the rest of the home, so that one left by a kill is recognised.
        name = f".{self.id}.json.{os.urandom(6).hex()}.tmp"
        draft = os.path.join(os.path.dirname(self.path), name)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        kept = {"id": self.id, "title": self.title, "model": self.model, "turns": self.turns}
        try:
            with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
                json.dump(kept, file)
            os.replace(draft, self.path)
        except BaseException:  # a full disk, a signal
            os.unlink(draft)
            raise

    def earlier_word_count(self) -> int:
        """The number of words in the turns before the last one."""
        texts = [turn[part] for turn in self.turns[:-1] for part in ("prompt", "answer")]
        return sum(len(str(text or "").split()) for text in texts)
