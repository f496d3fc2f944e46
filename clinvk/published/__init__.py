"""What other programs read: every JSON object that is printed, and the JSON Schemas of them.

`run`, `sessions` and `machine` make the objects; `files`, `parts` and `schemas` describe them.
"""
