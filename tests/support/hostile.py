"""Queries of a stranger who wants the engine to speak to a machine of theirs, or to die; run as a program of its own.

``python -m tests.support.hostile SEED COUNT PORT`` runs so many of them without leave to reach out and prints how
each ended, as JSON. If one of them kills the process, nothing is printed.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter

import pyoxigraph as ox
import rdflib.plugins.sparql  # noqa: F401  each child would load it anew

from guidegraph.errors import QueryError
from guidegraph.query import run
from guidegraph.query.sealed import Limits

ENDS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c", ""]
SPACES = [" ", "", "\t", "\n", "\r", "\x0c", "\u00a0", "\u3000", "\ufeff", "\x00", "/**/", "#\r", "#\n"]
NESTS = ["{", "(", "[", "!", "-", "!(", "{{SELECT*{", "FILTER EXISTS{", "OPTIONAL{", "<<", "<<(", "1+", "?a||", "^"]


def odd(dice: random.Random, plain: str, choices: list[str], share: float = 0.1) -> str:
    """Mostly what is usual, so that most of a query stays well-formed."""
    return dice.choice(choices) if dice.random() < share else plain


def escaped(word: str, dice: random.Random) -> str:
    """A word, some letters of it as code points."""
    forms = ("{}", "{}", "\\u{:04x}", "\\U{:08X}")
    return "".join(
        form.format(letter if form == "{}" else ord(letter)) for letter in word for form in [dice.choice(forms)]
    )


def cased(word: str, dice: random.Random) -> str:
    """A word in mixed case, now and then with a letter that only looks the same."""
    letters = [dice.choice((c.lower(), c.upper())) for c in word]
    if dice.random() < 0.02:
        letters = ["\u017f" if c in "sS" else c for c in letters]
    return "".join(letters)


def hider(dice: random.Random) -> str:
    """Text that a reader of tokens may take for the beginning of a string, comment or IRI."""
    quote = dice.choice(["'", '"', "'''", '"""'])
    end = odd(dice, "\n", ENDS, 0.3)
    return dice.choice(
        [
            f"?s a:b\\{quote[0]}c ?o . ",
            f"?s a:b\\#c ?o {end} . ",
            f"?s ?p {quote}\\{quote[0]}{end}{quote} . ",
            f"?s ?p {quote}\\\\{quote} . ",
            f"?s ?p {quote}{escaped(quote[0], dice) if dice.random() < 0.2 else chr(92) + quote[0]}{quote} . ",
            f"?s ?p {quote}}}{quote} . ",
            f"# {quote} }} {end} ",
            f"?s ?p <http://e/#{quote[0]}> . ",
            f"?s ?p <http://e/{odd(dice, '', [escaped('>', dice)])}> . ",
            f"FILTER(?a<?b && ?c>{quote}{quote}) ",
            f"?s ?p 'a'@en-{cased('service', dice)} . ",
            f"?s from:{cased('service', dice)} ?{cased('from', dice)} . ",
            f"?s a:%27{dice.choice(['b', '%23'])} ?o . ",
            "?s ?p '''a''' , ''''b''' . ",
            "",
        ]
    )


def reaching(address: str, dice: random.Random) -> str:
    """A pattern that asks the address, in one of the places that a pattern can have."""
    space = odd(dice, " ", SPACES)
    word = escaped(cased("service", dice), dice) if dice.random() < 0.1 else cased("service", dice)
    silent = dice.choice(["", "", cased("silent", dice) + dice.choice([" ", ""])])
    place = dice.choice([f"<{address}>", "canary:x", "?where"])
    service = f"{word}{space}{silent}{place}{odd(dice, ' ', SPACES)}{{ ?s ?p ?o }}"
    if place == "?where":
        service = dice.choice([f"VALUES ?where {{ <{address}> }} {service}", f"BIND(<{address}> AS ?where) {service}"])
    return dice.choice(
        [
            service,
            f"OPTIONAL {{ {service} }}",
            f"{{ SELECT * {{ {service} }} }}",
            f"FILTER EXISTS {{ {service} }}",
            f"FILTER NOT EXISTS {{ {service} }}",
            f"{{}} UNION {{ {service} }}",
            f"{{}} MINUS {{ {service} }}",
            f"GRAPH ?g {{ {service} }}",
            f"BIND(EXISTS {{ {service} }} AS ?e)",
            f"LATERAL {{ {service} }}",
        ]
    )


def hostile(address: str, dice: random.Random) -> str:
    """One query of a stranger."""
    kind = dice.random()
    head = f"{dice.choice(['', '', chr(0xFEFF)])}PREFIX a: <http://e/> PREFIX canary: <{address}#> "
    head += "PREFIX from: <http://f/> "
    if kind < 0.1:
        return f"{head}{dice.choice(['', hider(dice)])}{cased('load', dice)} {dice.choice(['', 'SILENT '])}<{address}>"
    if kind < 0.2:
        nest, count = dice.choice(NESTS), dice.choice([20, 99, 101, 1000, 9000, 50_000])
        return f"{head}SELECT * {{ {hider(dice)} {'FILTER(' if dice.random() < 0.5 else ''}{nest * count} }}"[:250_000]
    clause = ""
    if kind < 0.4:
        word = escaped(cased("from", dice), dice) if dice.random() < 0.1 else cased("from", dice)
        graph = dice.choice([f"<{address}>", "canary:x", "gg:x", "<x>"])
        named = dice.choice(["", " ", " " + cased("named", dice)])
        clause = f" {odd(dice, '', ['#' + dice.choice(ENDS)])}{word}{named}{odd(dice, ' ', SPACES)}{graph} "
    form = dice.choice(
        ["SELECT *", "SELECT ?s", "ASK", "CONSTRUCT { ?s ?p ?o }", "DESCRIBE ?s", "SELECT (COUNT(*) AS ?n)"]
    )
    body = hider(dice) + hider(dice) + (reaching(address, dice) if kind >= 0.3 else "") + hider(dice)
    if form.startswith("CONSTRUCT") or dice.random() < 0.5:
        clause += " WHERE"
    return f"{head}{form}{clause} {{ {body} }}{dice.choice(['', ' ORDER BY ?s', ' # ' + hider(dice)])}"


def main(seed: int, count: int, port: int) -> None:
    """Run queries over a store of one triple and print how many ended how."""
    store = ox.Store()
    store.add(
        ox.Quad(ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p"), ox.Literal("o"), ox.NamedNode("http://e/g"))
    )
    dice = random.Random(seed)
    ended: Counter[str] = Counter()
    for _ in range(count):
        try:
            run.run(store, hostile(f"http://127.0.0.1:{port}/x", dice), limits=Limits(1))
            ended["answered"] += 1
        except QueryError as error:
            ended["died" if "more levels than the engine" in error.what else error.what.split(" at ")[0][:40]] += 1
    sys.stdout.write(json.dumps(ended))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
