"""The contract that every backend keeps, as checks that its author can run.

`python -m clinvk.agents.contract NAME [RECORDING...]` runs them on a backend of clinvk's own, of
an installed package or of nobody yet; nothing is started. A recording is what the agent's CLI
printed on stdout in one turn.
"""

from clinvk.agents.contract.checks import CHECKS, Subject, Verdict, verdicts

__all__ = ["CHECKS", "Subject", "Verdict", "verdicts"]
