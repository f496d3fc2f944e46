"""The contract of every backend, as checks that its author can run.

`python -m clinvk.agents.contract NAME [RECORDING...]` checks a backend of clinvk or of an installed
package, without starting anything. A recording is what the agent's CLI printed on stdout in one
turn.
"""

from clinvk.agents.contract.checks import CHECKS, Subject, Verdict, verdicts

__all__ = ["CHECKS", "Subject", "Verdict", "verdicts"]
