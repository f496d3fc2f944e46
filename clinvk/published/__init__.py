"""The JSON objects for other programs, and their JSON Schemas.

`run`, `sessions` and `machine` create the objects; `files`, `parts` and `schemas` describe them.
"""
