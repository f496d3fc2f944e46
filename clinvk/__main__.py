"""The entry point; the version is answered before anything is imported."""

import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] == ["--version"]:
        from clinvk import __version__

        sys.stdout.write(f"clinvk {__version__}\n")
        return
    from clinvk.cli.app import run_command_line

    sys.exit(run_command_line(sys.argv[1:]))


if __name__ == "__main__":
    main()
