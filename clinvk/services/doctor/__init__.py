"""`clinvk doctor`: everything that could go wrong, each with its remedy.

One file an area, one function a question. A check looks and never writes; what may be put right
without asking is a value (`model.finding.Repair`), and `repairs` is the only file that acts.
"""
