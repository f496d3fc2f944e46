"""A home of its own for the agents and for clinvk, where only the mock model can be reached.

The environment is made from nothing: no variable of the outer one gets in, so neither an account
of the person who runs the tests nor a proxy can.
"""

import contextlib
import os
import shutil
import signal
from pathlib import Path

from bed.agents import Agents
from bed.mock_model import MockModel
from bed.setups import SETUPS, Place

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
        self.clinvk_home = self.home / ".clinvk"
        self._url = server.url
        self._retries = retries
        self.chatty = chatty
        self._signed_in = True
        for made in (self.home, self.bin, self.tmp, self.project):
            made.mkdir(parents=True, exist_ok=True)
        for name in SETUPS.keys() - agents.missing.keys():
            program = agents.program(claude if name == "claude" else name)
            self._link(name, program)
            for other in SETUPS[name].more_programs:
                self._link(other, program.with_name(other))
        self._prepare()
        self._link("node", Path(shutil.which("node") or "node").resolve())

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
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "http_proxy": _NOWHERE,
            "https_proxy": _NOWHERE,
            "HTTPS_PROXY": _NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        for setup in SETUPS.values():
            environ |= setup.environ(self._place)
        return environ

    def sign_out(self) -> None:
        """From now on the agents have no key."""
        self._signed_in = False
        self._prepare()

    def lose_network(self) -> None:
        """From now on nothing answers where the agents look for their model."""
        self._url = _NOWHERE
        self._prepare()

    def _prepare(self) -> None:
        for setup in SETUPS.values():
            setup.prepare(self._place)

    @property
    def _place(self) -> Place:
        return Place(
            home=self.home,
            project=self.project,
            url=self._url,
            retries=self._retries,
            chatty=self.chatty,
            signed_in=self._signed_in,
        )

    def answer_first_questions(self) -> None:
        """Answer what the agents' own screens ask a newcomer: theme, key, trust, a newer model."""
        for setup in SETUPS.values():
            setup.answer_first_questions(self._place)

    def kept(self, name: str) -> list[Path]:
        """What an agent keeps of its conversations in this home."""
        return SETUPS[name].kept(self.home)

    def other_model(self, name: str) -> str:
        """A model that an agent takes and that is not its default."""
        return SETUPS[name].other_model

    def edits_unasked(self, name: str) -> bool:
        """Whether an agent's headless default writes files."""
        return SETUPS[name].edits_unasked

    def ready(self, name: str) -> str:
        """What an agent's own screen shows once a prompt can be typed."""
        return SETUPS[name].ready

    def forget(self, name: str) -> None:
        """Make an agent lose its conversations, but not the place where it keeps them."""
        SETUPS[name].forget(self.home)

    def wipe(self, name: str) -> None:
        """Make an agent lose its conversations and the place where it keeps them."""
        SETUPS[name].wipe(self.home)

    def end_daemons(self) -> None:
        """End what an agent left running in this home; codex's screen leaves a server behind."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and str(self.home) in _command_line(folder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(folder.name), signal.SIGKILL)

    def uninstall(self, name: str) -> None:
        """Take an agent off the PATH."""
        for program in (name, *SETUPS[name].more_programs):
            (self.bin / program).unlink(missing_ok=True)  # it may be left out on this machine

    def _link(self, name: str, target: Path) -> None:
        link = self.bin / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:  # it is gone, or is somebody else's
        return ""
