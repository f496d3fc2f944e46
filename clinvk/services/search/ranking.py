"""Ranks a session for a query, and selects the place to show.

The ranking is documented in `docs/search.md`: each word counts in the best place that contains it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from clinvk.model.files import shown_path
from clinvk.model.session import Session
from clinvk.services.search.query import Query
from clinvk.store.transcripts.turns import TurnTexts
from clinvk.text.casefold import fold


class Field(StrEnum):
    """The kinds of texts that are searched."""

    TITLE = "title"
    NAME = "name"
    TAG = "tag"
    PROMPT = "prompt"
    FILE = "file"
    ANSWER = "answer"


WEIGHTS: Mapping[Field, int] = {
    Field.TITLE: 4,
    Field.NAME: 4,
    Field.TAG: 3,
    Field.PROMPT: 2,
    Field.FILE: 2,
    Field.ANSWER: 1,
}
"""The weight of a word in each field; a whole word counts twice."""


class Place(NamedTuple):
    """A text to search; `turn` is None for a text of the session itself."""

    field: Field
    turn: int | None
    text: str
    folded: str


class Ranked(NamedTuple):
    """The rank of a session, and the place that contains most of the query."""

    rank: int
    place: Place


def places_of_session(session: Session) -> list[Place]:
    """The texts to search of the session itself."""
    texts = [(Field.TITLE, session.title), (Field.NAME, session.name or "")]
    texts += [(Field.TAG, tag) for tag in session.tags]
    return [Place(field, None, text, fold(text)) for field, text in texts if text]


def places_of_turn(turn: TurnTexts, cwd: str) -> list[Place]:
    """The texts to search of a turn; `cwd` is the session's directory."""
    texts = [(Field.PROMPT, turn.prompt)]
    # Relative paths: else the name of a project folder would match all of its files.
    texts += [(Field.FILE, shown_path(path, turn.cwd or cwd)) for path in turn.files]
    texts += [(Field.ANSWER, answer) for answer in turn.answers]
    return [Place(field, turn.number, text, fold(text)) for field, text in texts if text]


def ranked(places: Iterable[Place], query: Query) -> Ranked | None:
    """The rank of all places together; None if they do not match the query.

    The place to show is preferably in a turn, and of equal turns in the later one; within a turn it
    is the one with the earliest word of the query.
    """
    best = [0] * len(query.wanted)
    most: tuple[int, bool, int, int, int] | None = None
    shown: Place | None = None
    for place in places:
        folded = place.folded
        if any(term.is_in(folded) for term in query.unwanted):
            return None
        worths = [WEIGHTS[place.field] * term.strength_in(folded) for term in query.wanted]
        if not any(worths):
            continue
        best = list(map(max, best, worths))
        held = len(worths) - worths.count(0)
        first = worths.index(next(filter(None, worths)))
        worth = (held, place.turn is not None, sum(worths), place.turn or 0, -first)
        if most is None or worth > most:
            most, shown = worth, place
    if shown is None or not all(best):
        return None
    return Ranked(sum(best), shown)
