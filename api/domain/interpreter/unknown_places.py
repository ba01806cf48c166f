"""Capitalised names after "in" that are in no list of places."""

from api.domain.interpreter.geography import take_place
from api.domain.interpreter.interpretation import Location
from api.domain.interpreter.locations import place, unknown_city
from api.domain.interpreter.reading import Reading

# Shorter names are abbreviations of anything.
UNKNOWN_LETTERS_MIN = 3


def read_unknown_places(reading: Reading) -> list[tuple[Location, bool]]:
    """Capitalised names after "in" that are in no list: "in Gotham"; each with its exclusion."""
    found = []
    for position in range(len(reading.words)):
        before = reading.stem(position - 1)
        if before not in {"in", "near", "around"} or reading.is_shouting:
            continue
        stop = position
        while stop - position < 3 and reading.is_free(stop) and reading.words[stop].is_capital:
            if stop > position and reading.words[stop].breaks:
                break
            stop += 1
        if stop == position or not all(
            reading.words[at].text.isalpha() for at in range(position, stop)
        ):
            continue
        name = " ".join(word.text for word in reading.words[position:stop])
        if len(name) < UNKNOWN_LETTERS_MIN:
            continue
        reading.warnings.append(unknown_city(name, None))
        negated = reading.negated[position]
        take_place(reading, position, stop)
        found.append((place(name, None), negated))
    return found
