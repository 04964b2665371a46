"""Passages located by their words: in text, pages and PDF files, with what is no difference and what is one."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph.authoring.columns import sections
from guidegraph.authoring.locating import Located, locate, places_csv
from guidegraph.cli.app import app
from guidegraph.errors import DocumentError, UsageError
from guidegraph.validate.passages import Place, places, verify
from guidegraph.validate.texts import read_document

PLAIN = """# House rules

Read this first. It is short.

## 1 Kettle

1.1 Boil water for the tea at 96 degrees.

  \u2022 Fill the kettle
  \u2022 Do not over-
fill it, since \u201chot water\u201d burns
  \u2022 Switch it on

## 2 Window

Open the window at 6 o'clock. Open the window again at 16 o'clock.
"""

PAGE = """<!DOCTYPE html><html><head><title>No part</title><style>p { color: red }</style></head><body>
<nav>Menu</nav><h1>House rules</h1><p>Read <b>this</b>
first.</p><h2>Kettle</h2><ul><li>Fill the <i>kettle</i>.<li>Switch it&nbsp;on.</ul><script>var x = "Boil";</script>
<h2>Window</h2><table><tr><td>Open</td><td>close</td></tr></table><!-- hidden words --></body></html>"""


def pdf(*pages: str, outline: tuple[tuple[str, int], ...] = (), password: str = "") -> bytes:
    """A small PDF file with a line of text a page ("" for a page without text)."""
    import pypdf
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    for words in pages:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        lines = " ".join(f"({line}) Tj 0 -14 Td" for line in words.split("\n")) if words else ""
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 10 Tf 20 250 Td {lines} ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    for title, number in outline:
        writer.add_outline_item(title=title, page_number=number)
    if password:
        writer.encrypt(password)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def only(found: Located) -> Any:
    assert len(found.places) == 1
    return found.places[0]


@pytest.mark.parametrize(
    "words",
    [
        'Do not overfill it, since "hot water" burns',
        "do  not over-fill it,\nsince \u2018hot water\u2019 burns".replace("\u2018", "\u201c").replace(
            "\u2019", "\u201d"
        ),
        "DO NOT OVERFILL IT, SINCE \u00abHOT WATER\u00bb BURNS",
    ],
)
def test_white_space_hyphens_quotes_and_capitals_are_no_difference(tmp_path: Path, words: str) -> None:
    path = written(tmp_path, "rules.txt", PLAIN)
    place = only(locate(path, words))
    said = PLAIN[place.start : place.end]
    assert said.startswith("Do not over-\nfill") and said.endswith("burns")
    assert place.digest == sha256(said.encode()).hexdigest()
    assert (place.heading_path, place.item, place.page) == ("House rules > 1 Kettle", 2, None)


def test_digits_and_words_are_a_difference(tmp_path: Path) -> None:
    path = written(tmp_path, "rules.txt", PLAIN)
    # "6 o'clock" stands in "16 o'clock" too, which is another hour.
    assert only(locate(path, "6 o'clock")).start == PLAIN.index("6 o'clock")
    with pytest.raises(DocumentError) as caught:
        locate(path, "Boil water for the tea at 69 degrees")
    assert "does not say these words" in caught.value.what
    assert "'96' in place of '69'" in caught.value.mend and f"Nearest at {PLAIN.index('Boil')}" in caught.value.mend
    with pytest.raises(DocumentError, match="right document"):
        locate(path, "quite other words about something else")


def test_words_that_stand_twice_are_all_told(tmp_path: Path) -> None:
    path = written(tmp_path, "rules.txt", PLAIN)
    found = locate(path, "open the window")
    assert [place.heading_path for place in found.places] == ["House rules > 2 Window"] * 2
    assert found.places[1].after.startswith("again at 16")
    second = only(locate(path, "open the window", occurrence=2))
    assert second == found.places[1]
    with pytest.raises(UsageError, match="stands 2 times"):
        locate(path, "open the window", occurrence=3)
    with pytest.raises(UsageError, match=r"--occurrence N: 1 .* 2 "):
        places_csv(found)
    with pytest.raises(UsageError, match="no words"):
        locate(path, "  ")


def test_a_whole_line_and_its_number(tmp_path: Path) -> None:
    path = written(tmp_path, "rules.txt", PLAIN)
    place = only(locate(path, "water for the tea", whole=True))
    assert place.passage == "1.1 Boil water for the tea at 96 degrees." and place.number == "1.1"
    assert only(locate(path, "the kettle", whole=True)).passage == "Fill the kettle"
    heading = only(locate(path, "2 Window"))
    assert (heading.heading_path, heading.item) == ("House rules", None)


def test_a_page_is_read_as_people_see_it(tmp_path: Path) -> None:
    path = written(tmp_path, "rules.html", PAGE)
    text = read_document(path).text
    assert "color" not in text and "var x" not in text and "hidden" not in text and "No part" not in text
    place = only(locate(path, "Read this first."))
    assert place.heading_path == "House rules"
    place = only(locate(path, "switch it on"))
    assert (place.heading_path, place.item) == ("House rules > Kettle", 2)
    # Who verifies the document reads the same text.
    known = Place("p", "", "", place.start, place.end, place.digest)
    assert verify("d", text, locate(path, "close").document_digest, [known]).ok


def test_a_pdf_file_tells_the_page(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "rules.pdf",
        pdf("Kettle\nBoil the water.", "Window\nOpen the win-\ndow wide.", outline=(("Kettle", 0), ("Window", 1))),
    )
    place = only(locate(path, "open the window wide"))
    assert (place.page, place.heading_path) == (2, "Window")
    assert only(locate(path, "boil the water")).page == 1


@pytest.mark.parametrize(
    ("name", "content", "what", "mend"),
    [
        ("scan.pdf", pdf("", ""), "no text on its 2 pages", "text recognition"),
        ("locked.pdf", pdf("Boil.", password="secret"), "locked by a password", "without its password"),
        ("broken.pdf", b"%PDF-1.7 and then nothing", "cannot be read", "Save it anew"),
        ("cut.pdf", pdf("Boil the water.")[:200], "cannot be read", "Save it anew"),
        ("letter.docx", b"PK\x03\x04rest", "word processor", "PDF, HTML or plain text"),
        ("picture.png", b"\x89PNG\r\n", "a picture", "PDF, HTML or plain text"),
        ("latin.txt", "caf\u00e9".encode("latin-1"), "UTF-8", ""),
        ("empty.txt", b" \n", "empty", "text"),
        ("empty.html", b"<html><body></body></html>", "empty", "text"),
    ],
)
def test_what_is_no_text_is_told(tmp_path: Path, name: str, content: bytes, what: str, mend: str) -> None:
    with pytest.raises(DocumentError) as caught:
        locate(written(tmp_path, name, content), "words")
    assert what in str(caught.value) and mend in caught.value.mend


def test_a_page_without_text_among_others_is_noted(tmp_path: Path) -> None:
    assert "No text on page 2." in locate(written(tmp_path, "half.pdf", pdf("Boil.", "", "Open.")), "Open.").note


def test_every_encoded_passage_of_the_article_is_found_where_it_is(kb: Any, shared_dir: Path) -> None:
    article = shared_dir / "source" / "seed-article.txt"
    text = article.read_bytes().decode()
    known = [p for _, rows in places(kb.engine.select("answer/places")).values() for p in rows]
    inside = [p for p in known if p.digest == sha256(text[p.start : p.end].encode()).hexdigest()]
    assert len(inside) > 50
    for place in inside:
        found = [p for p in locate(article, text[place.start : place.end]).places if p.start == place.start]
        assert found and (found[0].end, found[0].digest) == (place.end, place.digest)


def test_the_command_prints_what_a_sheet_takes(tmp_path: Path) -> None:
    path = written(tmp_path, "rules.txt", PLAIN)
    run = CliRunner().invoke
    done = run(app, ["locate", str(path), "switch it on", "-f", "csv", "--text", str(tmp_path / "said.txt")])
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(StringIO(done.stdout))
    assert set(row) <= {column.heading for column in sections()["places"].columns}
    assert (row["heading path"], row["item"]) == ("House rules > 1 Kettle", "3")
    assert (tmp_path / "said.txt").read_text() == PLAIN
    done = run(app, ["locate", str(path), "switch it on", "house rules", "-f", "csv"])
    rows = list(csv.DictReader(StringIO(done.stdout)))
    assert rows[0] == {**row, "id": "p1"} and [one["id"] for one in rows] == ["p1", "p2"], done.output
    done = run(app, ["locate", str(path), "switch it on", "house rules", "--occurrence", "1"])
    assert done.exit_code == 2 and "of one passage" in done.stderr
    done = run(app, ["locate", str(path), "open the window", "-f", "json"])
    assert done.exit_code == 1 and len(json.loads(done.stdout)["places"]) == 2
    done = run(app, ["locate", str(path), "open the window"])
    assert done.exit_code == 1 and "--occurrence N" in done.stdout
    done = run(app, ["locate", str(path), "no such thing at all"])
    assert done.exit_code == 2 and done.stderr.startswith("error: ")
