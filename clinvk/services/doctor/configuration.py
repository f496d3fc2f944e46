"""The configuration: whether it is valid, and whether each `CLINVK_` variable is known."""

from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches

from msgspec.structs import replace

from clinvk.errors import ConfigError
from clinvk.model.config import OTHER_VARIABLES, Settings, known_keys, merge
from clinvk.model.finding import Finding
from clinvk.services.agents.catalog import undeclared_names
from clinvk.services.config.settings import effective_settings, variables_of
from clinvk.services.doctor.findings import Report, command, problem, warning
from clinvk.services.doctor.survey import Survey
from clinvk.services.world import World
from clinvk.store.config.file import faults_in, read_config, unused_declarations
from clinvk.store.home import Home

_PREFIX = "CLINVK_"


def settings_or_defaults(world: World) -> Settings:
    """The effective settings, as far as they are valid. Nothing is written."""
    valid = {
        name: value
        for name, value in world.environ.items()
        if not name.startswith(_PREFIX) or _fault_of(world, name) is None
    }
    world = replace(world, environ=valid)
    for one in (world, _without_file(world)):
        with suppress(ConfigError):
            return effective_settings(one, keep=False)
    return merge({}, {})


def check_configuration(survey: Survey) -> Report:
    """Check the user's file, then the environment."""
    path = survey.world.config_file
    summary = str(path) if path.exists() else "no file: defaults"
    return summary, (*_file(survey.world), *_environment(survey))


def _file(world: World) -> Iterator[Finding]:
    path = world.config_file
    try:
        text = read_config(path, must_exist=world.config is not None)
    except ConfigError as error:
        yield _invalid(error.message, str(path), command("ls", "-ld", path))
        return
    faults = [] if text is None else faults_in(text, str(path), undeclared_names())
    for sentence, key in faults:
        plain = key is not None and all(part.isascii() for part in key)
        change = ("unset", key) if plain and key else ("edit",)
        yield _invalid(sentence, str(path), command("clinvk", "config", *change))
    if text is None or faults:
        return
    for name, line in unused_declarations(text, str(path), undeclared_names()).items():
        yield warning(
            "declaration_unused",
            f"`{name}` is declared, but clinvk has a backend of its own with this name and uses it",
            where=f"{path}:{line}",
            remedy=f"remove `declared` of `backends.{name}`, or use another name",
            command=command("clinvk", "config", "edit"),
        )


def _environment(survey: Survey) -> Iterator[Finding]:
    world = survey.world
    known = {name for key in known_keys(world.agents.names()) for name in variables_of(key)}
    known |= {*OTHER_VARIABLES}
    known |= {name for one in survey.backends for name in world.agents.get(one.name).variables}
    for name in sorted(world.environ):
        if name.startswith(_PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            yield warning(
                "variable_unknown",
                f"`{name}` is not a variable of clinvk, and has no effect",
                where=name,
                remedy=f"did you mean `{close[0]}`?" if close else None,
                command=command("unset", name),
            )
    for name in sorted(known & {*world.environ}):
        if fault := _fault_of(world, name):
            yield _invalid(fault, name, command("unset", name))


def _fault_of(world: World, name: str) -> str | None:
    """What is wrong with the value of one variable, checked without the others."""
    nothing = replace(world, environ={})
    base = world if _complaint(nothing) is None else _without_file(world)
    return _complaint(replace(base, environ={name: world.environ[name]}))


def _complaint(world: World) -> str | None:
    try:
        effective_settings(world, keep=False)
    except ConfigError as error:
        return error.message
    return None


def _without_file(world: World) -> World:
    return replace(world, home=Home(world.home.root / "nowhere"), config=None)


def _invalid(message: str, where: str, way_out: str) -> Finding:
    return problem("config_invalid", message, where, command=way_out)
