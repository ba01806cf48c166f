"""Places as they are reported, and the doubts about them."""

from api.domain.company.places import City, fold, states
from api.domain.interpreter.interpretation import Location

# A city that people mean when they name no state, and that they may name without "in".
SIZEABLE_POPULATION = 100_000


def place(city: str | None, state: str | None) -> Location:
    """A location with its documented key and label; ``state`` is a two-letter code."""
    if city is None:
        return Location(f"state:{state}", states()[state or ""], None, state)
    slug = fold(city).replace(" ", "-")
    return Location(
        f"city:{slug},{state}" if state else f"city:{slug}",
        f"{city}, {state}" if state else city,
        city,
        state,
    )


def inferred_state(bearers: tuple[City, ...]) -> str | None:
    """The state that a city's name alone means: one bearer, or one that is by far the largest.

    By far: of sizeable population, and twice as large as any other.
    """
    if len(bearers) == 1:
        return bearers[0].state
    largest, second = bearers[0], bearers[1]
    is_sizeable = largest.population >= SIZEABLE_POPULATION > second.population
    return largest.state if is_sizeable and largest.population >= 2 * second.population else None


def ambiguous_city(city: str, bearers: tuple[City, ...]) -> str:
    """The warning about a city of several states."""
    named = ", ".join(dict.fromkeys(bearer.state for bearer in bearers[:5]))
    return f"{city} is a city in several states ({named}); name the state to search only there."


def unknown_city(city: str, state: str | None) -> str:
    """The warning about a city that is not in the list of cities."""
    where = f" in {states()[state]}" if state else ""
    return f"{city} is not a known city{where}; the name was used as it was given."
