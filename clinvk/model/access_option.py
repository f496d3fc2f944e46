"""An agent's own options for what it may do; they can contradict `--access`.

A backend declares them as data; they are found in every spelling that its command line accepts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clinvk.model.access import Access, is_wider

_LETTERS = r"-([A-Za-z]+)"
_NO: Mapping[str, Access] = {}


class AccessOption(NamedTuple):
    """An option, and the narrowest access level that covers it (`needs`).

    `values` has the level of single values. With `takes_value` false, the option counts whenever it
    is present, unless its value is `false`. `keys` is for an option with a value `KEY=VALUE`: only
    these keys count, up to their first dot.
    """

    names: tuple[str, ...]
    needs: Access = Access.FULL
    takes_value: bool = True
    values: Mapping[str, Access] = _NO
    keys: Mapping[str, "AccessOption"] | None = None

    def asks(self, value: str) -> Access | None:
        """The access that the option needs with this value; None for nothing."""
        if self.keys is not None:
            key, _, inner = value.partition("=")
            first = key.strip().partition(".")[0].strip("\"' ")
            option = self.keys.get(first)
            return None if option is None else option.asks(inner.strip().strip("\"'"))
        if not self.takes_value and value == "false":
            return None
        return self.values.get(value, self.needs)


def contradicting(
    options: Sequence[AccessOption], arguments: Sequence[str], access: Access
) -> int | None:
    """The index of the first argument that needs more than `access`; None if there is none."""
    for number, argument in enumerate(arguments):
        following = arguments[number + 1] if number + 1 < len(arguments) else ""
        for option in options:
            value = _value(option, argument, following)
            asked = None if value is None else option.asks(value)
            if asked is not None and is_wider(asked, access):
                return number
    return None


def _value(option: AccessOption, argument: str, following: str) -> str | None:
    """The value that the argument gives the option, None if it is another option."""
    given = argument.partition("=")
    for name in option.names:
        if name.startswith("--"):
            option_name = _plain(given[0].partition(".")[0])
            if option_name == _plain(name):
                return given[2] if given[1] else following if option.takes_value else ""
            # Some programs cancel an option like this, also one that clinvk has set.
            if option.takes_value and option_name == _plain(f"--no-{name[2:]}"):
                return ""
        elif option.takes_value:
            if argument.startswith(name) and not argument.startswith("--"):
                return argument[2:].removeprefix("=") or following
        elif (letters := re.match(_LETTERS, argument)) and name[1] in letters[1]:
            return given[2] if argument == f"{name}={given[2]}" else ""
    return None


def _plain(name: str) -> str:
    """A long option's name in one form: some programs accept `--approvalMode`."""
    return "--" + name[2:].replace("-", "").lower() if name.startswith("--") else name
