"""`clinvk backends test` on the real agents."""

from bed.command import Command


def test_every_agent_of_clinvks_own_keeps_the_contract(clinvk: Command, backend: str) -> None:
    """Nothing fails; read-only is held on disk, and the word is remembered."""
    ran = clinvk("backends", "test", backend, "--json", timeout_s=300)
    checks = {one["check"]: one for one in ran.json()["checks"]}
    assert ran.exit_code == 0, checks
    for name in ("installed", "start", "resume", "read-only", "error", "gone"):
        assert checks[name]["held"] == "yes", checks[name]
    assert clinvk("sessions", "list", "--json").json() == []
