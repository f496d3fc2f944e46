"""Pictures as private files, for an agent that reads the files that a prompt names.

It reads them only in its directories, so the files' own folder is one of these for the turn.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from clinvk.model.request import FOLDER, Invocation, Picture


def with_pictures(made: Invocation, images: Sequence[Picture], option: str) -> Invocation:
    """The invocation with the pictures; `option` adds a directory, and `--prompt` to stdin."""
    if not images:
        return made
    files = {
        f"picture-{number}.{one.media_type.rpartition('/')[2]}": one.data
        for number, one in enumerate(images, 1)
    }
    prompt = " ".join(f"@{{{name}}}" for name in files)
    argv = (*made.argv, f"{option}={{{FOLDER}}}", f"--prompt={prompt}")
    return replace(made, argv=argv, files={**made.files, **files})
