"""The entry point; what must be quick is answered before the command line is imported."""

import gc
import os
import sys

_COLLECT_AFTER = 50_000
"""New objects between two garbage collections. With Python's 700 there are 50 while a command is
being imported, which find nothing and take 5% of the start-up."""


def main() -> None:
    """Run the command line and leave with its exit status."""
    gc.set_threshold(_COLLECT_AFTER)
    try:
        _main()
    except KeyboardInterrupt:
        # Ctrl-C while the command line is still being imported.
        os._exit(130)


def _said_version() -> bool:
    """Print the version; returns False if that fails: then the command line reports why."""
    from clinvk import __version__

    if sys.stdout is None:  # `>&-`
        return True
    try:
        os.write(sys.stdout.fileno(), f"clinvk {__version__}\n".encode())
    except OSError:
        return False
    return True


def _main() -> None:
    if sys.argv[1:] in (["--version"], ["-V"]) and _said_version():
        return
    if sys.argv[1:3] == ["completion", "--candidates"]:
        # The user has pressed TAB and waits, so nothing else is imported.
        from clinvk.cli.completion.candidates import answer

        answer(sys.argv[3:])
        os._exit(0)
    from clinvk.cli.app import run_command_line

    status = run_command_line(sys.argv[1:])
    # Everything is written and flushed, and no child is left. A normal interpreter exit would
    # add 13 ms to each command.
    os._exit(status)


if __name__ == "__main__":
    main()
