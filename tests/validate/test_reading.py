"""Reading RDF: encodings, nesting, sizes, relative IRIs, numbers in JSON, and values that cannot be read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph import reading
from guidegraph.errors import ValidationError
from guidegraph.reading import FORMATS, MAXIMUM_DEPTH, nesting_depth, parse_quads, read_quads, unreadable
from guidegraph.validate import validate_files
from tests.validate.test_shapes import write

XSD = "http://www.w3.org/2001/XMLSchema#"
TURTLE, JSON = ox.RdfFormat.TURTLE, ox.RdfFormat.JSON_LD


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><rdf:RDF/>'
UNREADABLE = {
    "missing.ttl": (None, "cannot be read"),
    "empty.ttl": ("", "holds no triples"),
    "comment.trig": ("# nothing\n", "holds no triples"),
    "graph.rdf": ("<rdf:RDF/>", "is not read"),
    "bomb.ttl": (BOMB, "XML"),
    "doctype.trig": ("\n  <!DOCTYPE a>", "XML"),
    "syntax.ttl": (":a :b", "not well-formed"),
    "nt.nt": ("<urn:a> <urn:b> .", "not well-formed"),
    "deep.ttl": ("<urn:a> <urn:b> " + "[ <urn:c> " * 3000 + "1" + " ]" * 3000 + " .", "nest 3000 deep"),
    "deep.jsonld": ('{"@graph":' + "[" * 3000 + "]" * 3000 + "}", "brackets nest"),
    "remote.jsonld": ('{"@context": "http://example.org/context", "name": "x"}', "not well-formed"),
    "not-json.jsonld": ("{", "not well-formed"),
}


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_unreadable_file_is_an_error_with_its_name(tmp_path: Path, name: str) -> None:
    text, told = UNREADABLE[name]
    path = tmp_path / name
    if text is not None:
        write(path, text)
    with pytest.raises(ValidationError, match=told) as caught:
        validate_files([path])
    assert caught.value.where.startswith(str(path)) and caught.value.mend


SAMPLES = {
    ".ttl": "<urn:a> <urn:p> <urn:b> .",
    ".trig": "<urn:g> { <urn:a> <urn:p> <urn:b> }",
    ".nt": "<urn:a> <urn:p> <urn:b> .",
    ".nq": "<urn:a> <urn:p> <urn:b> <urn:g> .",
    ".jsonld": '{"@id": "urn:a", "urn:p": {"@id": "urn:b"}}',
}


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_a_byte_order_mark_is_skipped_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"\xef\xbb\xbf" + SAMPLES[suffix].encode())
    assert [q.object for q in read_quads(path)] == [ox.NamedNode("urn:b")]


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_told_as_such(tmp_path: Path, suffix: str, encoding: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(SAMPLES[suffix].encode(encoding))
    with pytest.raises(ValidationError, match=r"UTF-16|NUL") as caught:
        read_quads(path)
    assert "UTF-8" in caught.value.mend


def test_latin_1_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_bytes('<urn:a> <urn:p> "one" .\n<urn:a> <urn:p> "Société" .'.encode("latin-1"))
    with pytest.raises(ValidationError, match="not UTF-8") as caught:
        read_quads(path)
    assert caught.value.where == f"{path}:2"


#: Text that looks deep and is not, and text that looks flat and is deep.
FLAT = [
    '<urn:(((> <urn:p> "[[[" , """ [ " [ """ . # [[[[',
    "@prefix a: <urn:> . a:b\\'c <urn:p> 1 . # it's " + "[" * 99,
    "@prefix a: <urn:x#> . a:b <urn:p> <urn:y#(> , '((' ." + " # <" + "(" * 99 + ">",
    '<urn:a> <urn:p> """' + "[ " * 99 + '\\"""" .',
    "<urn:a> <urn:p> ( " + "1 " * 5000 + ") .",
]
DEEP = [
    "@prefix a: <urn:> . a:b\\'c <urn:p> {} . a:b\\'d <urn:p> 1 .",
    "@prefix a: <urn:x> . a:b\\#c <urn:p> {} . # ' \" <",
    "<urn:a#b> <urn:p> '\\'' , {} .",
    "# it's a comment\r<urn:a> <urn:p> {} .",
    '<urn:a> <urn:p> """ \\""" """ , {} .',
]


@pytest.mark.parametrize("text", FLAT)
def test_what_only_looks_deep_is_read(text: str) -> None:
    assert parse_quads(text.encode(), TURTLE, "x")


@pytest.mark.parametrize("text", DEEP)
@pytest.mark.parametrize("nest", ["[ <urn:q> {} ]", "( {} )"])
def test_what_is_deep_is_refused_whatever_hides_it(text: str, nest: str) -> None:
    inner = "1"
    for _ in range(MAXIMUM_DEPTH + 1):
        inner = nest.replace("{}", inner)
    with pytest.raises(ValidationError, match="nest"):
        parse_quads(text.replace("{}", inner).encode(), TURTLE, "x")


def test_depth_is_counted_on_the_graph() -> None:
    deep = "<urn:a> <urn:p> " + "[ <urn:q> " * 5 + "( ( 1 2 ) )" + " ]" * 5 + " ."
    assert nesting_depth(parse_quads(deep.encode(), TURTLE, "x")) == 7
    circle = "_:a <urn:p> _:b . _:b <urn:p> _:a . <urn:c> <urn:p> [ <urn:q> 1 ] ."
    assert nesting_depth(parse_quads(circle.encode(), TURTLE, "x")) == 1


JSON_DEEP = {
    "objects": '{"@id":"urn:a",' + '"urn:p":{' * 3000 + '"urn:q":1' + "}" * 3001,
    "lists": '{"@id":"urn:a","urn:p":' + '{"@list":[' * 3000 + "]}" * 3001,
    "contexts": '{"@context":' + '{"a":{"@id":"urn:a","@context":' * 3000 + "{}" + "}}" * 3000 + ',"urn:p":1}',
    "escapes": '{"urn:p":"\\\\","@graph":' + "[" * 3000 + "]" * 3000 + "}",
    "unended": '{"urn:p":' + "[" * 3000 + '"' + '\\"' * 200_000,
}


@pytest.mark.parametrize("name", sorted(JSON_DEEP))
def test_deep_json_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(ValidationError, match="brackets nest"):
        parse_quads(JSON_DEEP[name].encode(), JSON, "x")


def test_brackets_in_strings_of_json_do_not_count() -> None:
    text = '{"@id": "urn:a", "urn:p": "' + '[{\\"' * 500 + '"}'
    assert len(parse_quads(text.encode(), JSON, "x")) == 1


@pytest.mark.slow
def test_triples_in_triples_are_refused_and_kill_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="a triple stands in a triple"):
        parse_quads(b"<urn:a> <urn:b> <<( <urn:s> <urn:p> 1 )>> .", TURTLE, "x")
    nested = "<urn:a> <urn:b> " + "<<( <urn:s> <urn:p> " * 200_000 + "1" + " )>>" * 200_000 + " ."
    path = write(tmp_path / "deep.ttl", nested)
    done = subprocess.run([sys.executable, "-m", "guidegraph", "validate", str(path)], capture_output=True, text=True)
    assert done.returncode == 2 and "triples in triples" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('<urn:a> <urn:p> "\\uD800" .', TURTLE),
        (b'<urn:a> <urn:p> "\xed\xa0\x80" .', TURTLE),
        ('{"@id": "urn:a", "urn:p": "\\ud800"}', JSON),
        ('{"@id": "urn:a\\udc00", "urn:p": "x"}', JSON),
    ],
)
def test_lone_surrogates_are_errors(text: str | bytes, form: ox.RdfFormat) -> None:
    with pytest.raises(ValidationError, match=r"not well-formed|not UTF-8"):
        parse_quads(text if isinstance(text, bytes) else text.encode(), form, "x")


def test_endless_and_huge_input_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "MAXIMUM_BYTES", 10_000)
    (tmp_path / "zero.ttl").symlink_to("/dev/zero")
    with pytest.raises(ValidationError, match="too large"):
        read_quads(tmp_path / "zero.ttl")
    (tmp_path / "folder.ttl").mkdir()
    with pytest.raises(ValidationError, match="it is a folder"):
        read_quads(tmp_path / "folder.ttl")
    monkeypatch.setattr(reading, "MAXIMUM_QUADS", 100)
    with pytest.raises(ValidationError, match="more than 100 triples"):
        parse_quads(b"<urn:a> <urn:p> ( " + b"1 " * 51 + b") .", TURTLE, "x")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("<urn:a> <urn:p> <mine.html> .", TURTLE),
        ("<> <urn:p> 1 .", TURTLE),
        ("@prefix : <#> . :a <urn:p> 1 .", TURTLE),
        ('{"@id": "mine", "urn:p": 1}', JSON),
        ('{"@id": "urn:a", "urn:p": {"@id": "mine.html"}}', JSON),
        ('{"@id": "urn:a", "@type": "Mine"}', JSON),
    ],
)
def test_a_relative_iri_without_a_base_is_told(text: str, form: ox.RdfFormat) -> None:
    with pytest.raises(ValidationError, match="a relative IRI"):
        parse_quads(text.encode(), form, "x")


def test_a_base_in_the_file_counts() -> None:
    assert parse_quads(b"@base <http://e.org/> . <a> <urn:p> <b> .", TURTLE, "x")[0].object.value == "http://e.org/b"
    text = b'{"@context": {"@base": "http://e.org/"}, "@id": "a", "urn:p": {"@id": "b"}}'
    assert parse_quads(text, JSON, "x")[0].object.value == "http://e.org/b"


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("16.5", "16.5"),
        ("12", "12"),
        ("12.0", "12"),
        ("0.1", "0.1"),
        ("1e-7", "0.0000001"),
        ("-3.25", "-3.25"),
        ("1.2345678901234567", "1.2345678901234567"),
        ("123456789012345.125", "123456789012345.125"),
        ('"1.65E1"', "1.65E1"),
        ("1e400", "1.0E400"),
    ],
)
def test_a_number_of_json_typed_decimal_is_read_exactly(number: str, value: str) -> None:
    text = f'{{"@id": "urn:a", "urn:p": {{"@value": {number}, "@type": "{XSD}decimal"}}}}'
    (quad,) = parse_quads(text.encode(), JSON, "x")
    assert quad.object == ox.Literal(value, datatype=ox.NamedNode(XSD + "decimal"))


# ---------------------------------------------------------------- values that can be read

ASKED = """
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?x (isNumeric(?x) AS ?number) (xsd:date(?x) AS ?day) (xsd:dateTime(?x) AS ?time) WHERE {}
"""


def held(text: str, name: str) -> bool:
    """Whether the store reads a number or date as one."""
    value = ox.Literal(text, datatype=ox.NamedNode(XSD + name))
    (row,) = ox.Store().query(ASKED, substitutions={ox.Variable("x"): value})  # type: ignore[misc]
    if name in ("date", "dateTime"):
        return row["day" if name == "date" else "time"] is not None
    return bool(row["number"].value == "true")


FORMS = st.one_of(
    st.text(alphabet="0123456789.+-eE", max_size=8),
    st.text(alphabet="0123456789-TZ:+ ", max_size=20),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=20).map(lambda d: f"{d:f}"),
    st.integers().map(str),
    st.dates().map(str),
    st.datetimes().map(lambda d: d.isoformat()),
    st.tuples(st.integers(1, 2100), st.integers(0, 13), st.integers(0, 32)).map(
        lambda d: "{:04}-{:02}-{:02}".format(*d)
    ),
    st.text(max_size=4),
    st.sampled_from(["1.2E1", " 12.0 ", "1_2", "１２", "12.", ".5", "+1", "NaN", "0x0C", "12,0", "12\n"]),
)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(FORMS, st.sampled_from(["decimal", "integer", "double", "date", "dateTime"]))
def test_a_value_is_readable_when_the_store_reads_it(text: str, name: str) -> None:
    value = ox.Literal(text, datatype=ox.NamedNode(XSD + name))
    if name == "double":  # the store takes more spellings of infinity than XML Schema has
        assert unreadable(value) or held(text, name)
    else:
        assert (unreadable(value) == "") is held(text, name)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("decimal", ["170141183460469231731.687303715884105727", "0.10000000000000000000"], ["170141183460469231732"]),
        ("decimal", ["0.123456789012345678"], ["0.1234567890123456789", "INF", "", "1" * 2000]),
        ("integer", ["9223372036854775807"], ["9223372036854775808", "1.0"]),
        ("nonNegativeInteger", ["0"], ["-1"]),
        ("byte", ["-128"], ["128"]),
        ("gYear", ["2024", "2024Z"], ["24", "May 2024"]),
        ("gYearMonth", ["2024-05"], ["2024-13"]),
        ("date", ["2024-05-04+02:00", "2024-02-29"], ["2023-02-29", "2024-05-04T00:00:00"]),
        ("boolean", ["true", "1"], ["TRUE", "yes"]),
        ("string", ["anything"], []),
    ],
)
def test_forms_of_datatypes(name: str, right: list[str], wrong: list[str]) -> None:
    read = {text: unreadable(ox.Literal(text, datatype=ox.NamedNode(XSD + name))) for text in (*right, *wrong)}
    assert [text for text, reason in read.items() if reason] == wrong
