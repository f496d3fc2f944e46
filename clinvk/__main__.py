"""The entry point; the version is answered before anything is imported."""

import os
import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] == ["--version"]:
        from clinvk import __version__

        sys.stdout.write(f"clinvk {__version__}\n")
        return
    from clinvk.cli.app import run_command_line

    status = run_command_line(sys.argv[1:])
    # All is written and flushed, and every child is gone: taking the interpreter apart piece by
    # piece would add 13 ms to each command for nothing.
    os._exit(status)


if __name__ == "__main__":
    main()
