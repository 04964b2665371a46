"""Literals of populations in OWL 2 Manchester syntax, whatever names and numbers are written with.

Source: W3C Note "OWL 2 Web Ontology Language Manchester Syntax (Second Edition)", section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from guidegraph import namespaces as ns
from guidegraph.knowledge.branch import Event, Held, Literal, Range
from guidegraph.knowledge.records import gg
from guidegraph.termreadings import HIGHEST, LOWEST, SUPPLIED, UNDERWENT, Bound, pointed

#: The number that bounds an event.
NUMBER_OF = {
    gg("hasTrial"): gg("trialWeeks"),
    gg("stoppedMedication"): gg("daysSinceStop"),
    UNDERWENT: gg("daysSince"),
    SUPPLIED: gg("daysSince"),
}
#: The number that came of an event.
VALUE_OF = {UNDERWENT: gg("resultValue"), SUPPLIED: gg("daysOfSupply")}


class Syntax:
    """Manchester syntax as reasoners read it: CURIEs, the datatype named, brackets around every literal."""

    datatype = "xsd:decimal"

    def name(self, iri: str, prop: str = "") -> str:
        """The name of a property, or of a class, outcome or population that stands behind one ("" for none)."""
        return ns.shorten(iri)

    def number(self, value: Decimal) -> str:
        """How a number is written."""
        return pointed(value)

    def bracketed(self, text: str) -> str:
        """A literal, or a part of an event, among others."""
        return f"({text})"

    def facets(self, low: Bound, high: Bound) -> str:
        """A range; the whole datatype where it has no end."""
        parts = [f"{'>' if low[1] else '>='} {self.number(low[0])}"] if low > LOWEST else []
        parts += [f"{'<=' if high[1] else '<'} {self.number(high[0])}"] if high < HIGHEST else []
        return f"{self.datatype}[{', '.join(parts)}]" if parts else self.datatype

    def atom(self, what: Held | Event | Range) -> str:
        """What is held, without whether it is denied."""
        some = f"{self.name(what.prop)} some" if what.prop else ""
        if isinstance(what, Range):
            return f"{some} {self.facets(what.low, what.high)}" if what.valued else f"not ({some} {self.datatype})"
        if isinstance(what, Held):
            return f"{some} {self.name(what.cls, what.prop)}".strip()
        of = gg("ofIntervention")
        parts = [f"{self.name(of)} some {self.name(what.cls, of)}"]
        if what.outcome:
            led = gg("hasOutcome")
            parts.append(f"{self.name(led)} value {self.name(what.outcome, led)}")
        if what.showed:
            saw = gg("showed")
            parts.append(f"{self.name(saw)} some {self.name(what.showed, saw)}")
        if what.valued:
            parts.append(f"{self.name(VALUE_OF[what.prop])} some {self.facets(what.least, what.most)}")
        if what.bounded:
            parts.append(f"{self.name(NUMBER_OF[what.prop])} some {self.facets(what.low, what.high)}")
        inner = " and ".join(map(self.bracketed, parts)) if len(parts) > 1 else parts[0]
        return f"{some} ({inner})"

    def literals(self, literals: Iterable[Literal]) -> list[str]:
        """Literals, as they stand between "and" and "or"."""
        told = []
        for what, positive in literals:
            text = self.bracketed(self.atom(what))
            told.append(text if positive else self.bracketed(f"not {text}"))
        return told
