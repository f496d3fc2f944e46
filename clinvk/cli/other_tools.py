"""What people type because another tool has it: its words, and its options, with ours for them.

Only loaded to say what is ours.
"""

from collections.abc import Mapping

from msgspec import Struct


class Word(Struct, frozen=True):
    """Our command for a word, the arguments that it needs, and why there is no such word.

    `note` says what the command does, where its name does not.
    """

    ours: str
    needs: tuple[str, ...] = ()
    why: str = ""
    note: str = ""
    sentence: bool = False
    """Whether one more word, or a quoted sentence (`exec "fix it"`), is an argument of it."""


_ELLIPSIS = ("…",)
_LIST, _SHOW = Word("sessions list"), Word("sessions show")
_RUN = Word("run", _ELLIPSIS, sentence=True)
_CONTINUE = Word("-c", _ELLIPSIS, sentence=True)
_BACKENDS = Word("backends")
_SIGN_IN = Word(
    "backends",
    why="you sign in to each agent with its own CLI",
    note=" shows who is signed in; `clinvk chat` opens the agent's own screen",
)
_MODEL = Word("-m MODEL", _ELLIPSIS, why="each agent has its own models", note=" chooses one")
_OF_AGENT = Word("chat", why="it belongs to the agent", note=" opens the agent's own screen")
_IN_SCREEN = Word("chat", why="it is for the agent's interactive screen", note=" opens that")
_OF_OTHERS = Word("run", _ELLIPSIS, why="other programs have one", note=" sends a prompt")
_UPDATE = Word(
    "--version",
    why="clinvk does not update itself",
    note=" shows the version; `pipx upgrade clinvk` or `uv tool upgrade clinvk` updates it",
)
_SET_UP = Word("doctor", why="there is nothing to set up", note=" checks that all is well")
_STATUS = Word(
    "sessions list", note=" shows the status of each session; `clinvk backends` that of the agents"
)

_STOPS = "Ctrl-C stops a run where it was started"
_REMOVAL = Word(
    "--version",
    why="clinvk does not remove itself",
    note=" shows the version; `pipx uninstall clinvk` or `uv tool uninstall clinvk` removes it",
)

WORDS: Mapping[str, Word] = {
    **dict.fromkeys(("history", "ls", "log", "threads", "chats", "ps", "jobs"), _LIST),
    **dict.fromkeys(("logs", "cat", "view", "info", "open", "transcript", "last"), _SHOW),
    **dict.fromkeys(("rm", "remove", "del"), Word("sessions delete", ("ID",))),
    **dict.fromkeys(
        ("kill", "stop"),
        Word("sessions list --status running", why=_STOPS, note=" shows what runs"),
    ),
    **dict.fromkeys(("find", "grep"), Word("sessions search", ("WORD",), sentence=True)),
    "search": Word("sessions search", ("WORD",), sentence=True),
    "mv": Word("sessions rename", ("ID", "TITLE")),
    **dict.fromkeys(("exec", "ask", "new", "prompt", "send", "start", "query", "print"), _RUN),
    **dict.fromkeys(("continue", "cont"), _CONTINUE),
    **dict.fromkeys(("attach", "reopen", "restore"), Word("resume", ("ID", "…"))),
    "fork": Word("resume", ("ID", "…"), why="a session cannot be copied", note=" continues it"),
    **dict.fromkeys(
        ("login", "logout", "auth", "signin", "signout", "whoami", "keys", "key"), _SIGN_IN
    ),
    **dict.fromkeys(("models", "model"), _MODEL),
    **dict.fromkeys(("agents", "agent", "providers", "provider", "backend"), _BACKENDS),
    **dict.fromkeys(("init", "setup", "install"), _SET_UP),
    **dict.fromkeys(("health", "check", "diagnose"), Word("doctor")),
    "status": _STATUS,
    **dict.fromkeys(("update", "upgrade"), _UPDATE),
    "uninstall": _REMOVAL,
    **dict.fromkeys(("mcp", "plugin", "plugins", "extensions", "hooks", "skills"), _OF_AGENT),
    **dict.fromkeys(("memory", "permissions", "compact", "clear"), _OF_AGENT),
    **dict.fromkeys(("serve", "web", "acp", "app", "cloud", "sandbox", "features"), _OF_AGENT),
    **dict.fromkeys(("mcp-server", "app-server", "remote-control", "setup-token"), _OF_AGENT),
    **dict.fromkeys(("commit", "push", "pull", "fetch", "diff", "merge", "rebase"), _OF_OTHERS),
    **dict.fromkeys(("stash", "checkout", "branch", "clone", "git", "gh"), _OF_OTHERS),
    **dict.fromkeys(("pr", "issue", "repo", "review", "apply", "plan"), _OF_OTHERS),
    **dict.fromkeys(("templates", "aliases", "embed"), _OF_OTHERS),
    **dict.fromkeys(("exit", "quit"), _IN_SCREEN),
    **dict.fromkeys(("/login", "/logout", "/help", "/exit", "/quit", "/status"), _IN_SCREEN),
    **dict.fromkeys(("/model", "/clear", "/resume", "/config", "/mcp", "/doctor"), _IN_SCREEN),
    **dict.fromkeys(("cost", "usage", "stats"), Word("sessions list --sort tokens")),
    **dict.fromkeys(("settings", "preferences"), Word("config show")),
    "set": Word("config set", ("KEY", "VALUE")),
    "get": Word("config get", ("KEY",)),
    "unset": Word("config unset", ("KEY",)),
    "path": Word("config path"),
    "validate": Word("config validate"),
    "edit": Word("config edit"),
    **dict.fromkeys(("tui", "repl", "interactive"), Word("chat")),
    "version": Word("--version"),
}
"""The first words that other programs use, and what they are here."""

_TO_SHOW = ("list", "ls", "print", "cat", "view", "dump")
_TO_DELETE = ("rm", "remove", "del", "delete")

BELOW: Mapping[str, Mapping[str, Word]] = {
    "sessions": {
        **dict.fromkeys(("rm", "remove", "del"), Word("sessions delete", ("ID",))),
        **dict.fromkeys(("find", "grep", "query"), Word("sessions search", ("WORD",))),
        **dict.fromkeys(("ls", "ps", "all", "history"), _LIST),
        **dict.fromkeys(("resume", "continue", "open", "attach"), Word("resume", ("ID", "…"))),
        **dict.fromkeys(("view", "cat", "get", "info", "log", "logs"), _SHOW),
        **dict.fromkeys(("new", "create", "start", "run"), Word("-s NAME", _ELLIPSIS)),
        **dict.fromkeys(("mv", "title"), Word("sessions rename", ("ID", "TITLE"))),
        **dict.fromkeys(("prune", "gc", "cleanup", "purge"), Word("sessions clean --dry-run")),
        **dict.fromkeys(("last", "latest"), _SHOW),
    },
    "config": {
        **dict.fromkeys(_TO_SHOW, Word("config show")),
        **dict.fromkeys(_TO_DELETE, Word("config unset", ("KEY",))),
        **dict.fromkeys(("reset", "clear"), Word("config unset", ("KEY",))),
        **dict.fromkeys(("add", "put"), Word("config set", ("KEY", "VALUE"))),
        **dict.fromkeys(("check", "verify", "test", "lint"), Word("config validate")),
        **dict.fromkeys(("file", "where", "location"), Word("config path")),
        **dict.fromkeys(("open", "init"), Word("config edit")),
        "read": Word("config get", ("KEY",)),
    },
    "backends": {
        **dict.fromkeys((*_TO_SHOW, "show", "status", "info"), _BACKENDS),
        **dict.fromkeys(("check", "try", "verify"), Word("backends test", ("NAME",))),
        **dict.fromkeys(("login", "logout", "auth"), _SIGN_IN),
        **dict.fromkeys(("new", "set", "install"), Word("backends add")),
    },
}
"""The same for the second words."""


class Foreign(Struct, frozen=True):
    """Our words for an option; `takes` says that it has a value, `keeps` that ours has it too."""

    ours: tuple[str, ...] = ()
    takes: bool = False
    keeps: bool = False


def _renamed(ours: str) -> Foreign:
    return Foreign((ours,), takes=True, keeps=True)


_FULL = Foreign(("--access", "full"))
_ACCESS = Foreign(("--access", "ask"), takes=True)
_FORMATS = {"--format": _renamed("-o"), "--output": _renamed("-o"), "-O": _renamed("-o")}

OPTIONS: Mapping[str, Mapping[str, Foreign]] = {
    "prompt": {
        **_FORMATS,
        **dict.fromkeys(("-p", "--print", "--no-interactive", "--headless"), Foreign()),
        **dict.fromkeys(("--prompt", "--message"), Foreign(takes=True, keeps=True)),
        **dict.fromkeys(("--stream", "--stream-json"), Foreign(("-o", "stream-json"))),
        "--full-auto": Foreign(("--access", "edit")),
        **dict.fromkeys(("--yolo", "-y", "--yes", "--auto-approve"), _FULL),
        **dict.fromkeys(
            ("--dangerously-skip-permissions", "--dangerously-bypass-approvals-and-sandbox"), _FULL
        ),
        **dict.fromkeys(("--permission-mode", "--approval-mode", "--sandbox"), _ACCESS),
        **dict.fromkeys(("--cwd", "--dir", "--directory", "-C", "--cd"), _renamed("-w")),
        **dict.fromkeys(("--agent", "--provider", "--tool"), _renamed("-b")),
        **dict.fromkeys(("--append-system-prompt", "--instructions"), _renamed("--system-prompt")),
        **dict.fromkeys(("--allowedTools", "--allowed-tools"), _renamed("--allow")),
        **dict.fromkeys(("--disallowedTools", "--disallowed-tools"), _renamed("--deny")),
        **dict.fromkeys(("--no-session-persistence", "--no-save"), Foreign(("--ephemeral",))),
        **dict.fromkeys(("--json-schema", "--output-schema"), _renamed("--schema")),
        **dict.fromkeys(("--include-directories", "--add-directory"), _renamed("--add-dir")),
        **dict.fromkeys(("--variant", "--reasoning-effort"), _renamed("--effort")),
        **dict.fromkeys(("--images", "--picture"), _renamed("--image")),
        "--debug": Foreign(("-v",)),
        **dict.fromkeys(("--session-id", "--name", "-n"), _renamed("-s")),
    },
    "sessions list": {
        **_FORMATS,
        **dict.fromkeys(("--all", "-a"), Foreign(("--archived",))),
        **dict.fromkeys(("-l", "-la", "-al", "--long"), Foreign()),
        **dict.fromkeys(("--last", "--max", "--count", "--head"), _renamed("-n")),
        **dict.fromkeys(("--agent", "--provider"), _renamed("-b")),
        **dict.fromkeys(("--order", "--order-by", "--sort-by"), _renamed("--sort")),
    },
    "sessions show": dict.fromkeys(("--last", "--latest"), Foreign()),
    "sessions delete": dict.fromkeys(("-f", "--force", "-rf", "-fr"), Foreign(("-y",))),
    "doctor": dict.fromkeys(("--repair", "--fixes"), Foreign(("--fix",))),
    "": _FORMATS,
}
"""The options of other programs by our command; those of `prompt` are for run, resume and chat."""

AS_INPUT = ("--file", "-f", "--prompt-file", "--input-file")
"""Options that read the prompt from a file; here it is piped in."""

TO_RESUME = {"-r": "", "--resume": "", "--last": "--last", "--interactive": "-i", "-i": "-i"}
"""Options that other tools have for a prompt, and which are `clinvk resume` here."""
