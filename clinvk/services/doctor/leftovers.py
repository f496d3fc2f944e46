"""Temporary files that killed runs and unfinished writes left behind."""

from collections.abc import Iterator

from clinvk.model.finding import Finding, RemoveLeftover, RemoveScratch
from clinvk.process.scratch import iter_abandoned, iter_left
from clinvk.services.doctor.findings import command, note, warning
from clinvk.services.world import World
from clinvk.store.leftovers import iter_leftovers


def unfinished_writes(world: World) -> Iterator[Finding]:
    """The temporary files in clinvk's own folders."""
    for path in iter_leftovers(world.home, now_s=world.now().timestamp()):
        yield warning(
            "leftover",
            "this is left over from an unfinished write",
            where=str(path),
            command=command("rm", path),
            repair=RemoveLeftover(path=path),
        )


def left_by_killed_runs(now_s: float) -> Iterator[Finding]:
    """The files that killed runs left; only the user may remove drafts and trials."""
    for path in iter_left(now_s=now_s):
        yield note(
            "scratch_left",
            "a killed run left its temporary files behind",
            where=str(path),
            command=command("rm", "-r", path),
            repair=RemoveScratch(path=path),
        )
    for path, is_draft in iter_abandoned(now_s=now_s):
        yield note(
            "draft_left" if is_draft else "trial_left",
            "the prompt that was being edited when clinvk was killed is still here"
            if is_draft
            else "a killed `clinvk backends test` left its sessions here",
            where=str(path),
            remedy="it is never removed automatically; when you no longer need it",
            command=command("rm", "-r", path),
        )
