"""`clinvk doctor`: everything that could go wrong, each with its remedy.

There is one file per area and one function per check. A check never writes. A repair that needs no
confirmation is a value (`model.finding.Repair`), and only `repairs` carries it out.
"""
