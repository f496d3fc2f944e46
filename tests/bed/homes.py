"""A home of its own for the agents and for clinvk, where only the mock model can be reached.

The environment is made from nothing: no variable of the outer one gets in, so neither an account
of the person who runs the tests nor a proxy can.
"""

import contextlib
import json
import os
import shutil
import signal
from pathlib import Path

from bed.agents import Agents
from bed.mock_model import MockModel

_CODEX_CONFIG = """\
model = "gpt-5.5"
model_provider = "mock"
check_for_update_on_startup = false

[model_providers.mock]
name = "mock"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = {retries}
stream_max_retries = {retries}
stream_idle_timeout_ms = 60000

[analytics]
enabled = false

[otel]
exporter = "none"
"""
# Nothing listens there, and a try fails at once: whatever is not loopback stays out of reach.
_NOWHERE = "http://127.0.0.1:9"


class AgentHome:
    """A HOME with the agents set up for `server`; `env` is the whole environment to run in.

    `claude` names which of the installed versions answers to `claude`. `retries` is how often the
    agents ask again after a refusal that may pass. `chatty`, which may be set later, lets them ask
    on their own account too (for a title).
    """

    def __init__(  # noqa: PLR0913  what it is made of, and three settings by name
        self,
        folder: Path,
        server: MockModel,
        agents: Agents,
        *,
        claude: str = "claude",
        retries: int = 1,
        chatty: bool = False,
    ) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.tmp = folder / "tmp"
        self.project = folder / "project"
        self.codex_home = self.home / ".codex"
        self.clinvk_home = self.home / ".clinvk"
        self._server = server
        self._retries = retries
        self.chatty = chatty
        for made in (self.bin, self.tmp, self.project, self.codex_home):
            made.mkdir(parents=True, exist_ok=True)
        self._link("claude", agents.program(claude))
        self._link("codex", agents.program("codex"))
        self._link("node", Path(shutil.which("node") or "node").resolve())
        config = _CODEX_CONFIG.format(url=server.url, retries=retries)
        (self.codex_home / "config.toml").write_text(config)

    @property
    def env(self) -> dict[str, str]:
        """The environment, a fresh dict each time."""
        environ = {
            "HOME": str(self.home),
            "PATH": os.pathsep.join([str(self.bin), "/usr/bin", "/bin"]),
            "TMPDIR": str(self.tmp),
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "CLINVK_HOME": str(self.clinvk_home),
            "CODEX_HOME": str(self.codex_home),
            "OPENAI_API_KEY": "test-key",
            "ANTHROPIC_API_KEY": "test-key",
            "ANTHROPIC_BASE_URL": self._server.url,
            "CLAUDE_CODE_MAX_RETRIES": str(self._retries),
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "http_proxy": _NOWHERE,
            "https_proxy": _NOWHERE,
            "HTTPS_PROXY": _NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        if not self.chatty:
            environ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"
        if os.geteuid() == 0:
            environ["IS_SANDBOX"] = "1"  # else claude refuses full access to root
        return environ

    def answer_first_questions(self) -> None:
        """Answer what the agents' own screens ask a newcomer: theme, key, trust, a newer model."""
        project = str(self.project.resolve())
        trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        answers = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": ["test-key"], "rejected": []},
            "projects": {project: trusted},
        }
        (self.home / ".claude.json").write_text(json.dumps(answers))
        with (self.codex_home / "config.toml").open("a") as config:
            config.write(
                f'\n[projects."{project}"]\ntrust_level = "trusted"\n'
                '\n[notice.model_migrations]\n"gpt-5.5" = "gpt-6-sol"\n'
            )

    def end_daemons(self) -> None:
        """End what an agent left running in this home; codex's screen leaves a server behind."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and str(self.home) in _command_line(folder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(folder.name), signal.SIGKILL)

    def uninstall(self, name: str) -> None:
        """Take an agent off the PATH."""
        (self.bin / name).unlink()

    def _link(self, name: str, target: Path) -> None:
        link = self.bin / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:  # it is gone, or is somebody else's
        return ""
