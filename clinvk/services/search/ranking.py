"""What a session is worth to a query, and the place that shows it best.

The ranking is documented in `docs/search.md`: each word counts with the best place it stands in.
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
    """What a match stands in."""

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
"""What a word is worth in each field; twice that where it is a whole word."""


class Place(NamedTuple):
    """A text that is searched; `turn` is None where it is the session's own."""

    field: Field
    turn: int | None
    text: str
    folded: str


class Ranked(NamedTuple):
    """What a session is worth, and the place that holds most of the query."""

    rank: int
    place: Place


def places_of_session(session: Session) -> list[Place]:
    """What is searched of the session itself."""
    texts = [(Field.TITLE, session.title), (Field.NAME, session.name or "")]
    texts += [(Field.TAG, tag) for tag in session.tags]
    return [Place(field, None, text, fold(text)) for field, text in texts if text]


def places_of_turn(turn: TurnTexts, cwd: str) -> list[Place]:
    """What is searched of a turn of a session of that directory."""
    texts = [(Field.PROMPT, turn.prompt)]
    # Below the directory only: else a project folder's name would match every one of its files.
    texts += [(Field.FILE, shown_path(path, turn.cwd or cwd)) for path in turn.files]
    texts += [(Field.ANSWER, answer) for answer in turn.answers]
    return [Place(field, turn.number, text, fold(text)) for field, text in texts if text]


def ranked(places: Iterable[Place], query: Query) -> Ranked | None:
    """What the places are worth together, None if the query is not found in them.

    A turn is shown rather than what the session itself says, and the later of two that are alike;
    within a turn what holds the first of the words.
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
