"""Texts of cells that nobody meant: errors and formulas of a spreadsheet, characters that were lost on the way."""

from __future__ import annotations

import re

#: The most characters that a cell of a workbook holds; what is longer is cut off there without a word.
LONGEST = 32_767
#: What a spreadsheet program shows where it could not compute a value.
_ERROR = re.compile(
    r"(?:#(?:REF!|NAME\?|VALUE!|DIV/0!|N/?A|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|ERROR!"
    r"|GETTING_DATA)|Err:\d{3})\Z",
    re.IGNORECASE,
)
#: A formula as it is typed; a text may begin with an arrow, =>.
_FORMULA = re.compile(r"=[A-Za-z0-9$({+\-\"'@]")
#: No workbook holds them, and nobody sees them: control characters, halves of characters, marks that turn the writing.
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_LOST = "\ufffd"
_NOT_ASCII = re.compile("[^\x00-\x7f]{2,}")


def is_error(text: str) -> bool:
    """Whether a text is what a spreadsheet shows in place of a value."""
    return _ERROR.match(text.strip()) is not None


def formula_fault(value: str = "") -> tuple[str, str]:
    """What is wrong with a formula, and the mend.

    Args:
        value: what it comes to, where that is known.
    """
    told = f"Write its value, {value[:60]!r}, in its place." if value else "Write its value in its place."
    return "a formula, of which only the value could be kept", told


def text_fault(text: str) -> tuple[str, str] | None:
    """What is wrong with a text, and the mend; None if nothing is.

    Args:
        text: what a cell holds as text, whatever its column.
    """
    bare = text.strip()
    if is_error(bare):
        return f"a spreadsheet showed an error here, {bare}", "Write the value that is meant."
    if _FORMULA.match(bare):
        return formula_fault()
    if len(text) >= LONGEST:
        what = f"{len(text)} characters, and a cell of a workbook holds {LONGEST}"
        return what, "Shorten it; what a workbook held before may have lost its end."
    hidden = _HIDDEN.search(text)
    if hidden:
        at = hidden.start() + 1
        what = f"a character that nobody sees, U+{ord(hidden[0]):04X} (at character {at})"
        return what, "Take it out, and write what was meant there."
    if _LOST in text:
        what = f"a character was lost when the text was converted (at character {text.index(_LOST) + 1})"
        return what, "Write it again, and save the file in UTF-8."
    return _misread(text)


def _misread(text: str) -> tuple[str, str] | None:
    """What was UTF-8 and was read as the Windows encoding, so that one letter became two."""
    for found in _NOT_ASCII.finditer(text):
        try:
            right = found[0].encode("cp1252").decode("utf-8")
        except UnicodeError:
            continue
        what = f"{found[0]!r} (at character {found.start() + 1}) was read in another encoding than it was written in"
        return what, f"Write {right!r}, and save the file in UTF-8."
    return None
