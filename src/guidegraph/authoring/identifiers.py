"""DOIs, PubMed numbers and codes of countries: how they are written, and what others mean that are near."""

from __future__ import annotations

import re

_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB
GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG
KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB
SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US
UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
#: ISO 3166-1, two letters, and EU, which it reserves for the European Union.
COUNTRIES = frozenset(_CODES.split())
#: What people write in their place.
MEANT_COUNTRIES = {"UK": "GB", "GBR": "GB", "ENG": "GB", "USA": "US", "EL": "GR"}
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s?)?(10\.[0-9]{4,}(?:\.[0-9]+)*/\S+)\Z", re.IGNORECASE)
_DOI_WITHIN = re.compile(r"10\.[0-9]{4,}(?:\.[0-9]+)*/[^\s;,]+")
#: PubMed counts with at most eight digits.
_PMID = re.compile(r"(?:https?://pubmed\.ncbi\.nlm\.nih\.gov/|pmid:\s?)?([1-9][0-9]{0,7})/?\Z", re.IGNORECASE)
_ADDRESSES = {"gg:doi": "https://doi.org/{}", "gg:pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/"}


def identifier(prop: str, text: str) -> tuple[str, str] | None:
    """The address of a DOI or PubMed number and "", or the text and how to mend it; None for another property."""
    if prop not in _ADDRESSES:
        return None
    address = _ADDRESSES[prop]
    found = (_DOI if prop == "gg:doi" else _PMID).match(text)
    if found and not (prop == "gg:doi" and _ends_in_mark(found[1])):
        return address.format(found[1]), ""
    return text, _mend(prop, text, address)


def _ends_in_mark(doi: str) -> bool:
    """Whether a mark of the sentence around it came along; a bracket belongs to a DOI that opens it."""
    return doi[-1] in ".,;:" or (doi[-1] in ")]" and doi.count(")") + doi.count("]") > doi.count("(") + doi.count("["))


def _mend(prop: str, text: str, address: str) -> str:
    if prop == "gg:doi":
        held = list(dict.fromkeys(_DOI_WITHIN.findall(text)))
        if len(held) == 1:
            doi = held[0]
            while _ends_in_mark(doi):
                doi = doi[:-1]
            return f"Write {address.format(doi)}."
        return (
            "A document has one: keep the one that is its own."
            if held
            else f"Write for example {address.format('10.1000/182')}."
        )
    digits = re.sub(r"[\s,.'\u00a0]", "", text).lstrip("0")
    if re.fullmatch(r"[1-9][0-9]{0,7}", digits):
        return f"Write {digits}."
    return f"Write for example {address.format('12345678')}."
