"""The words of a population as terminals of the grammar: names are recognised whole, whatever words they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark import Token

from guidegraph import namespaces as ns
from guidegraph.authoring.vocabulary import NAMED, TERM, PopulationVocabulary
from guidegraph.errors import PopulationError

_PIECE = re.compile(
    r"""(?P<IRI><[A-Za-z][\w+.-]*:[^\s<>"]*>)
    |(?P<QUOTED>'(?:[^'\\]|\\.|'(?=\w))*'|"(?:[^"\\]|\\.)*"|\u2018(?:[^\u2018\u2019]|\u2019(?=\w))*\u2019|\u201c[^\u201c\u201d]*\u201d)
    |(?P<OPENED>['"\u2018\u201c])
    |(?P<COMPARE><=|>=|=<|=>|\u2264|\u2265|<|>|=)
    |(?P<MARK>[()\[\]{},;:])
    |(?P<DASH>[-\u2013\u2212](?=\s*\d))
    |(?P<DIGITS>\d+(?:[.,]\d+)*(?!\w|-\D))
    |(?P<CURIE>[A-Za-z][\w.-]*:[^\s()\[\]{},;:<>="'\u2264\u2265]+)
    |(?P<WORD>[^\s()\[\]{},;:<>="\u2264\u2265\u201c\u201d]+)""",
    re.VERBOSE,
)
_MARKS = {
    "(": "_OPEN", ")": "_CLOSE", "[": "_LEFT", "]": "_RIGHT", ",": "_COMMA", ";": "_SEMICOLON", ":": "_COLON",
}  # fmt: skip
_CLOSED_BY = {"(": ")", "[": "]"}
_SIGNS = {"=<": "<=", "=>": ">=", "\u2264": "<=", "\u2265": ">="}
#: Comparisons in words; they count as such before a number only.
_COMPARISONS = {
    ">=": ("at least", "no less than", "not less than", "from", "since"),
    "<=": ("at most", "no more than", "not more than", "up to", "within"),
    ">": ("more than", "greater than", "longer than", "older than", "over", "above", "after"),
    "<": ("less than", "fewer than", "shorter than", "younger than", "under", "below", "before"),
}
_SIGN_OF = {words: sign for sign, all_words in _COMPARISONS.items() for words in all_words}
_ANY = "|".join(words.replace(" ", r"\s+") for words in sorted(_SIGN_OF, key=len, reverse=True))
_COMPARED = re.compile(rf"(?:for\s+)?({_ANY})(?=\s*\d)", re.IGNORECASE)
_MORE, _LESS = "more|longer|older|over|above|greater|higher|later", "less|fewer|younger|under|below|shorter|lower"
_SUFFIX = re.compile(rf"(?:or|and)\s+(?:({_MORE})|(?:{_LESS}))\b(?!\s*\d)", re.IGNORECASE)
_KEYWORDS = {
    "and": "AND", "that": "AND", "or": "_OR", "not": "NOT", "without": "NOT", "some": "_SOME", "value": "_VALUE",
    "to": "_TO", "between": "BETWEEN", "patient": "PATIENT", "patients": "PATIENT", "population": "POPULATION",
    "takes": "HEAD", "taking": "HEAD", "stopped": "HEAD", "tried": "HEAD", "trial": "HEAD", "has": "HEAD",
    "done": "HEAD", "supplied": "HEAD",
    # What Manchester syntax has and a population cannot say.
    **dict.fromkeys(("only", "min", "max", "exactly", "inverse", "self", "onlysome"), "OUTSIDE"),
    "xsd:decimal": "DATATYPE", "decimal": "DATATYPE", "gg:patient": "PATIENT",
}  # fmt: skip
#: Units of time by what they are called, in the letters of UCUM.
TIMES = {
    **dict.fromkeys(("day", "days", "d"), "d"),
    **dict.fromkeys(("week", "weeks", "wk", "wks", "w"), "wk"),
    **dict.fromkeys(("month", "months", "mo"), "mo"),
    **dict.fromkeys(("year", "years", "yr", "yrs", "y", "a"), "a"),
}
_BESIDE = ("ago", "old")
_GLUED = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]+)")
#: What to do where two criteria meet.
SEPARATOR_MEND = "Write a semicolon, and, or or between two criteria."
#: Words that join criteria, or deny one.
_JOINS = ("and", "or", "not")
#: What to do about a name that holds words of the language.
QUOTE_MEND = "Put a name that holds such words between quotation marks."


class Words:
    """The terminals of one text."""

    def __init__(self, text: str, vocabulary: PopulationVocabulary) -> None:
        self._text = text
        self._vocabulary = vocabulary
        self._pieces = [m for m in _PIECE.finditer(text) if m.lastgroup]
        self._brackets()

    def _brackets(self) -> None:
        opened: list[re.Match[str]] = []
        for piece in self._pieces:
            mark, column = piece.group(), piece.start() + 1
            if piece.lastgroup == "OPENED":
                raise PopulationError("the quotation mark is not closed", mend="Write it at both ends.", column=column)
            if piece.lastgroup != "MARK":
                continue
            if mark in "{}":
                mend = "Write the alternatives with or."
                raise PopulationError("an enumeration is no population", mend=mend, column=column)
            if mark in _CLOSED_BY:
                opened.append(piece)
            elif mark in _CLOSED_BY.values():
                if not opened:
                    raise PopulationError(
                        f"{mark!r} closes no bracket", mend="Open it, or take it away.", column=column
                    )
                last = opened.pop()
                if _CLOSED_BY[last.group()] != mark:
                    what = f"{last.group()!r} at column {last.start() + 1} is closed by {mark!r}"
                    raise PopulationError(what, mend=f"Write {_CLOSED_BY[last.group()]!r}.", column=column)
        if opened:
            mark, column = opened[-1].group(), opened[-1].start() + 1
            raise PopulationError(
                f"{mark!r} is not closed", mend=f"Write {_CLOSED_BY[mark]!r} where it ends.", column=column
            )

    def _token(self, kind: str, start: int, end: int, value: str | None = None) -> Token:
        text = self._text[start:end] if value is None else value
        return Token(kind, text, start_pos=start, column=start + 1, end_pos=end)

    def tokens(self) -> Iterator[Token]:
        """The terminals in order.

        Raises:
            PopulationError: a word that is no part of the language, such as an open quotation mark.
        """
        last = ""
        at = 0
        while at < len(self._pieces):
            token, at = self._next(at, last)
            last = token.type
            yield token

    def _next(self, at: int, last: str) -> tuple[Token, int]:
        piece = self._pieces[at]
        start, end, text, kind = piece.start(), piece.end(), piece.group(), piece.lastgroup
        if kind == "IRI":
            known = text[1:-1] in self._vocabulary.populations
            return self._token(NAMED if known else TERM, start, end), at + 1
        if kind == "QUOTED":
            name = re.sub(r"\\(.)", r"\1", text[1:-1])
            if not name.strip():
                raise PopulationError("a name without letters", mend="Name a term.", column=start + 1)
            return self._token(self._vocabulary.known(name) or TERM, start, end, name), at + 1
        if kind == "MARK":
            return self._token(_MARKS[text], start, end), at + 1
        if kind == "COMPARE":
            return self._token("COMPARE", start, end, _SIGNS.get(text, text)), at + 1
        if kind == "DASH":
            if last not in ("DIGITS", "UNIT"):
                raise PopulationError("a number is not negative", mend="Write it without a sign.", column=start + 1)
            return self._token("_TO", start, end), at + 1
        if last == "DIGITS" and (unit := self._unit(at)) is not None:
            return unit
        return self._word(at, last)

    # ------------------------------------------------------------ numbers

    def _unit(self, at: int) -> tuple[Token, int] | None:
        """What stands behind a number up to the next word of the language: its unit."""
        if self._keyword(at, counted=True)[0] or self._pieces[at].lastgroup not in ("WORD", "CURIE"):
            return None
        stop = at
        while stop < len(self._pieces) and self._pieces[stop].lastgroup in ("WORD", "DIGITS", "CURIE"):
            if self._keyword(stop, counted=True)[0]:
                break
            stop += 1
        start, end = self._pieces[at].start(), self._pieces[stop - 1].end()
        words = [w for w in self._text[start:end].split() if w.casefold() not in _BESIDE]
        return self._token("UNIT", start, end, " ".join(words)), stop

    def _keyword(self, at: int, *, counted: bool = False) -> tuple[Token | None, int]:
        """The word of the language that begins here, if one does, and where what follows it begins.

        Behind a number (``counted``) "or more" is a comparison; elsewhere "or older" may begin a name.
        """
        piece = self._pieces[at]
        start = piece.start()
        for pattern, kind in ((_COMPARED, "COMPARE"), (_SUFFIX, "SUFFIX")):
            match = pattern.match(self._text, start)
            if match is not None and (kind == "COMPARE" or counted):
                if kind == "COMPARE":
                    value = _SIGN_OF[" ".join(match[1].casefold().split())]
                else:
                    value = ">=" if match[1] else "<="
                after = next((i for i in range(at, len(self._pieces)) if self._pieces[i].start() >= match.end()), None)
                after = len(self._pieces) if after is None else after
                return self._token(kind, start, match.end(), value), after
        word = piece.group().casefold()
        kind = _KEYWORDS.get(word, "")
        if kind == "AND" and self._group(at + 1) == "COMPARE":
            kind = "ALSO"
        if kind == "NOT" and self._is_mark(at + 1, ":"):
            return self._token("NOT_COLON", start, self._pieces[at + 1].end()), at + 2
        if kind == "HEAD" and word == "trial" and self._at(at + 1).casefold() == "of":
            return self._token("HEAD", start, self._pieces[at + 1].end(), "tried"), at + 2
        return (self._token(kind, start, piece.end(), word), at + 1) if kind else (None, at)

    def _at(self, at: int) -> str:
        return self._pieces[at].group() if at < len(self._pieces) else ""

    def _group(self, at: int) -> str:
        if at >= len(self._pieces):
            return ""
        if _COMPARED.match(self._text, self._pieces[at].start()):
            return "COMPARE"
        return self._pieces[at].lastgroup or ""

    def _is_mark(self, at: int, mark: str) -> bool:
        return self._at(at) == mark

    # ------------------------------------------------------------ names

    def _word(self, at: int, last: str) -> tuple[Token, int]:
        kind, stop = self._longest(at)
        counted = last in ("DIGITS", "UNIT")
        keyword, after = self._keyword(at, counted=counted) if not kind or stop == at + 1 else (None, at)
        if keyword is not None and keyword.type == "OUTSIDE":
            what = f"{self._text[keyword.start_pos : keyword.end_pos]!r} cannot be said of a population"
            mend = f"A population says what patients have, by some, and, or, not. {QUOTE_MEND}"
            raise PopulationError(what, mend=mend, column=keyword.column or 0)
        if keyword is not None:
            return keyword, after
        piece = self._pieces[at]
        if piece.lastgroup == "DIGITS" and not kind:
            return self._token("DIGITS", piece.start(), piece.end()), at + 1
        if (match := _GLUED.fullmatch(piece.group())) and match[2].casefold() in TIMES and not kind:
            what = f"{piece.group()!r} is no number with a unit"
            mend = f"Write a space between: {match[1]} {match[2]}."
            raise PopulationError(what, mend=mend, column=piece.start() + 1)
        run = self._run(at)
        if kind in (TERM, NAMED) and run > stop and self._longest(stop)[0]:
            one, other = self._pieces[stop - 1].end(), self._pieces[stop].start()
            what = f"nothing stands between {self._text[piece.start() : one]!r} and what follows"
            raise PopulationError(what, mend=SEPARATOR_MEND, column=other + 1)
        if kind and (run <= stop or kind not in (TERM, NAMED)):
            self._one_meaning(at, stop)
            return self._token(kind, piece.start(), self._pieces[stop - 1].end()), stop
        if piece.lastgroup == "CURIE" and not kind:
            prefix, _, rest = piece.group().partition(":")
            known = _KEYWORDS.get(prefix.casefold()) or self._vocabulary.known(prefix)
            if known and prefix not in ns.PREFIXES and rest:
                self._split(at, len(prefix))
                return self._next(at, last)
        return self._token(TERM, piece.start(), self._pieces[run - 1].end()), run

    def _split(self, at: int, length: int) -> None:
        """Read "word:rest" as three pieces."""
        start, end = self._pieces[at].span()
        colon = start + length
        parts = [_PIECE.match(self._text, start, colon), _PIECE.match(self._text, colon, colon + 1)]
        rest = list(_PIECE.finditer(self._text, colon + 1, end))
        self._pieces[at : at + 1] = [p for p in (*parts, *rest) if p is not None]

    def _run(self, at: int) -> int:
        """Where the words end that begin here, up to the next word of the language or mark."""
        stop = at + 1
        while stop < len(self._pieces) and self._pieces[stop].lastgroup == "WORD" and not self._keyword(stop)[0]:
            stop += 1
        return stop

    def _longest(self, at: int) -> tuple[str, int]:
        """The kind of the longest name that begins here, and the piece behind it."""
        start = self._pieces[at].start()
        kind, stop = "", at
        announced = at > 1 and self._is_mark(at - 1, ":") and self._at(at - 2).casefold() == "population"
        for end in range(at, len(self._pieces)):
            text = self._text[start : self._pieces[end].end()]
            if not self._vocabulary.begins(text):
                break
            known = self._vocabulary.known(text)
            # A population that has words of the language for a name is what they say, whoever wrote them first.
            if known and (known != NAMED or announced or not self._speaks(at, end + 1)):
                kind, stop = known, end + 1
        return kind, stop

    def _speaks(self, at: int, stop: int) -> bool:
        """Whether a mark, or a word that joins or denies, is among some pieces."""
        pieces = self._pieces[at:stop]
        return any(p.lastgroup == "MARK" or p.group() in ",;:" or p.group().casefold() in _JOINS for p in pieces)

    def _between(self, at: int, stop: int) -> tuple[str, str, str] | None:
        """Two names of terms with the word of the language between them, where the pieces are that; else None."""
        start, end = self._pieces[at].start(), self._pieces[stop - 1].end()
        for between in range(at + 1, stop - 1):
            word = self._pieces[between]
            if word.group().casefold() in ("and", "or") or word.group() in ",;":
                one, other = self._text[start : word.start()], self._text[word.end() : end]
                if self._vocabulary.known(one) == TERM and self._vocabulary.known(other) == TERM:
                    return one.strip(), word.group(), other.strip()
        return None

    def _one_meaning(self, at: int, stop: int) -> None:
        """Refuse a name without quotation marks that is two names with a word of the language between as well."""
        found = self._between(at, stop)
        if found is not None:
            start, end = self._pieces[at].start(), self._pieces[stop - 1].end()
            one, word, other = found
            whole = self._text[start:end]
            raise PopulationError(
                f"{whole!r} is the name of one term, and of two with {word!r} between them",
                mend=f"Put quotation marks around what is one: '{whole}', or '{one}' {word} '{other}'.",
                column=start + 1,
            )
