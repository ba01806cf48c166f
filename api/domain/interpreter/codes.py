"""SIC and NAICS codes in a query: "SIC 8111", "NAICS codes 541110 or 541211"."""

import re

from api.domain.interpreter.reading import Reading
from api.errors import invalid

CODE_RULE = "industry_code"
_EXCLUDED = "exclusion"
DIGITS = {"sic": (2, 4), "naics": (2, 6)}
SECTORS = {
    "sic": frozenset(f"{number:02}" for number in range(1, 100)),
    "naics": frozenset(
        [
            "11",
            "21",
            "22",
            "23",
            "31",
            "32",
            "33",
            "42",
            "44",
            "45",
            "48",
            "49",
            "51",
            "52",
            "53",
            "54",
            "55",
            "56",
            "61",
            "62",
            "71",
            "72",
            "81",
            "92",
        ]
    ),
}

_GLUED = re.compile(r"(sic|naics)(\d+)")
_CODE_WORDS = frozenset(
    {
        "code",
        "codes",
        "s",
        "number",
        "no",
        "is",
        "are",
        "of",
        "equal",
        "equals",
        "to",
        "the",
        "with",
    }
    | {
        "in",
        "starting",
        "beginning",
        "start",
        "begin",
        "prefix",
        "group",
        "sector",
        "like",
        "either",
    }
)
_JOINTS = frozenset({"and", "or"})
_UNNAMED = frozenset({"code"})


class Codes:
    """The codes of a query by the system that they belong to, without repetition."""

    def __init__(self) -> None:
        self.sic: dict[str, None] = {}
        self.naics: dict[str, None] = {}
        self.excluded_sic: dict[str, None] = {}
        self.excluded_naics: dict[str, None] = {}

    def add(self, system: str, code: str, *, excluded: bool) -> None:
        """Adds a code. Raises ``invalid_input`` for one that no company can have."""
        shortest, longest = DIGITS[system]
        if not shortest <= len(code) <= longest or code[:2] not in SECTORS[system]:
            name = system.upper()
            raise invalid(
                "q",
                f"names a {name} code that does not exist; {name} codes have {shortest} to "
                f"{longest} digits, such as {'8111' if system == 'sic' else '541110'}.",
            )
        getattr(self, f"excluded_{system}" if excluded else system)[code] = None


def read_codes(reading: Reading) -> Codes:
    """The codes that the text names.

    Raises ``invalid_input`` for an impossible one: without it the search would be wider than asked.
    """
    found = Codes()
    for position in range(len(reading.words)):
        if not reading.is_free(position):
            continue
        stem = reading.words[position].fold
        glued = _GLUED.fullmatch(stem)
        if glued is not None:
            _accept(reading, found, glued[1], [glued[2]], (position, position + 1))
        elif stem in DIGITS:
            _named(reading, position, found)
        elif stem in {"code", "codes"} and reading.stem(position - 1) == "industry":
            _unnamed(reading, position, found)
    if found.sic or found.naics:
        _read_exceptions(reading, found)
    return found


def _read_exceptions(reading: Reading, found: Codes) -> None:
    """Codes taken from those before, their system not named again: "NAICS 54 but not 5411"."""
    for position, word in enumerate(reading.words):
        if not (reading.negated[position] and reading.is_free(position)):
            continue
        if word.text.isascii() and word.text.isdigit() and reading.rules[position - 1] == _EXCLUDED:
            system = "sic" if found.sic else "naics"
            codes, stop = _numbers(reading, position)
            _accept(reading, found, system, codes, (position, stop))


def _named(reading: Reading, position: int, found: Codes) -> None:
    system = reading.words[position].fold
    start = position + 1
    while reading.is_free(start) and reading.words[start].fold in _CODE_WORDS:
        start += 1
    codes, stop = _numbers(reading, start)
    if codes:
        _accept(reading, found, system, codes, (position, stop))
        return
    # "541110 NAICS", "8111 (SIC code)"
    before = reading.words[position - 1] if position > 0 else None
    if before is not None and before.number is not None and reading.is_free(position - 1):
        _accept(reading, found, system, [before.text], (position - 1, start))


def _unnamed(reading: Reading, position: int, found: Codes) -> None:
    """ "Industry code 541110": six digits are NAICS, four are read as SIC."""
    start = position + 1
    while reading.is_free(start) and reading.words[start].fold in _CODE_WORDS:
        start += 1
    codes, stop = _numbers(reading, start)
    if codes and len({len(code) for code in codes}) == 1:
        system = "sic" if len(codes[0]) == 4 else "naics"
        _accept(reading, found, system, codes, (position - 1, stop))


def _numbers(reading: Reading, start: int) -> tuple[list[str], int]:
    """Numbers in a list, with the position after the last."""
    codes: list[str] = []
    at = stop = start
    while reading.is_free(at):
        word = reading.words[at]
        if word.number is None and not (word.text.isascii() and word.text.isdigit()):
            break
        # "811,812" is two codes, not one number.
        codes += re.findall(r"\d+", word.text)
        at = stop = at + 1
        while reading.stem(at) in _JOINTS:
            at += 1
        if at == stop and not ({",", "/", ";", "-", "–", "&"} & set(reading.gap(at))):
            break
    return codes, stop


def _accept(
    reading: Reading, found: Codes, system: str, codes: list[str], span: tuple[int, int]
) -> None:
    begin = span[0]
    while begin > 0 and reading.is_free(begin - 1) and reading.stem(begin - 1) in {"with", "in"}:
        begin -= 1
    reading.take(begin, span[1], CODE_RULE)
    for code in codes:
        found.add(system, code, excluded=any(reading.negated[span[0] : span[1]]))
