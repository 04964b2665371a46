"""Commands that write ontology, graphs, recommendations and descriptions in the forms of other tools."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from guidegraph.cli.common import by_ending, working, write
from guidegraph.cli.options import SHIPPED, AsOf, Opener, Output, day
from guidegraph.errors import UsageError
from guidegraph.files import write_files

if TYPE_CHECKING:
    import pyoxigraph as ox

    from guidegraph.api import KnowledgeBase


class GraphFormat(StrEnum):
    """Forms in which a graph is written."""

    turtle = "turtle"
    trig = "trig"
    jsonld = "jsonld"
    owlxml = "owlxml"
    nquads = "nquads"


_ENDINGS = {
    ".ttl": GraphFormat.turtle,
    ".trig": GraphFormat.trig,
    ".jsonld": GraphFormat.jsonld,
    ".owx": GraphFormat.owlxml,
    ".nq": GraphFormat.nquads,
}


class DescriptionFormat(StrEnum):
    """Forms in which the dataset is described."""

    turtle = "turtle"
    schema_org = "schema-org"


def graph(
    asked: Annotated[
        GraphFormat | None,
        typer.Option("--format", "-f", help="Form of the output; by the ending of its file, else turtle."),
    ] = None,
    ontology: Annotated[bool, typer.Option("--ontology", help="The ontology alone (the default).")] = False,
    document: Annotated[
        str | None, typer.Option("--document", metavar="D", help="The graph of one document (CURIE, id or label).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ontology and all documents.")] = False,
    by_reference: Annotated[
        bool, typer.Option("--context-by-reference", help="JSON-LD: name the published context by its IRI.")
    ] = False,
    output: Output = None,
    opened: Opener = SHIPPED,
) -> None:
    """Write the ontology, one document's graph, or all of it, for other tools.

    OWL/XML is always a whole ontology: with --ontology it holds the populations of all documents too, with
    --document the ontology and that document.

    Example: guidegraph export graph --all --format owlxml -o guidegraph.owx
    """
    if sum((ontology, document is not None, everything)) > 1:
        raise UsageError("--ontology, --document and --all exclude each other", mend="Name one of them.")
    form = by_ending(asked, output, _ENDINGS, GraphFormat.turtle)
    if by_reference and form is not GraphFormat.jsonld:
        raise UsageError("only JSON-LD has a context", where="--context-by-reference", mend="Add --format jsonld.")
    if everything and form is GraphFormat.turtle:
        raise UsageError("Turtle has no named graphs", where="--format", mend="Use trig, nquads, jsonld or owlxml.")
    kb = opened()
    with working("writing the graph"):
        text = _graph(kb, form, document, everything, by_reference)
    write(text, output)


def _graph(kb: KnowledgeBase, form: GraphFormat, document: str | None, everything: bool, by_reference: bool) -> str:
    from guidegraph.export import rdf

    if form is GraphFormat.owlxml:
        return _owl_xml(kb, document, everything)
    quads: list[ox.Quad]
    if document is not None:
        quads = rdf.document(kb.store, kb.document(document))
    else:
        quads = rdf.everything(kb.store) if everything else rdf.ontology(kb.store)
    if form is GraphFormat.jsonld:
        from guidegraph.export.jsonld import json_ld

        return json_ld(quads, by_reference=by_reference)
    return {GraphFormat.turtle: rdf.turtle, GraphFormat.trig: rdf.trig}.get(form, rdf.nquads)(quads)


def _owl_xml(kb: KnowledgeBase, document: str | None, everything: bool) -> str:
    from guidegraph.export import rdf
    from guidegraph.export.owlxml import ONTOLOGY, owl_xml

    terms = [q.triple for q in (*rdf.ontology(kb.store), *rdf.axioms(kb.store))]
    if document is not None:
        iri = kb.document(document)
        name = f"{ONTOLOGY}/with/{iri.rpartition('/')[2]}"
        return owl_xml([*terms, *(q.triple for q in rdf.document(kb.store, iri))], name)
    if everything:
        quads = (*rdf.everything(kb.store), *rdf.axioms(kb.store))
        return owl_xml((q.triple for q in quads), f"{ONTOLOGY}/with/all")
    return owl_xml([*terms, *rdf.populations(kb.store)])


def context(output: Output = None, opened: Opener = SHIPPED) -> None:
    """Write the JSON-LD context that fits the vocabulary, as ontology/context.jsonld publishes it.

    Example: guidegraph export context -o context.jsonld
    """
    from guidegraph.export.jsonld import make_context

    made = make_context(opened().engine.select("export/values"))
    write(json.dumps(made, indent=1, ensure_ascii=False) + "\n", output)


def csv(output: Output = None, as_of: AsOf = None, opened: Opener = SHIPPED) -> None:
    """Write the recommendations as a table, safe to open in a spreadsheet.

    With -o x.csv the columns are described in x.csv-metadata.json (CSVW) beside it.

    Example: guidegraph export csv -o recommendations.csv
    """
    if output is not None and output.suffix.lower() != ".csv":
        raise UsageError("the file's name must end in .csv", where=str(output), mend="Name it x.csv.")
    from guidegraph.export import csvform

    asked = day(as_of) or date.today()
    kb = opened()
    rows = csvform.table(kb.records, kb.knowledge.phrases, kb.disagreement.grader.forms, asked)
    text = csvform.to_csv(rows)
    if output is None:
        write(text)
        return
    licence = kb.engine.select("export/licence")
    beside = output.with_name(output.name + "-metadata.json")
    write_files({output: text, beside: csvform.metadata(output.name, asked, licence[0][0] if licence else "")})


def description(
    form: Annotated[DescriptionFormat, typer.Option("--format", "-f", help="Form.")] = DescriptionFormat.turtle,
    output: Output = None,
    opened: Opener = SHIPPED,
) -> None:
    """Describe the knowledge base as a dataset: VoID and DCAT in Turtle, or schema.org in JSON-LD.

    Example: guidegraph export description --format schema-org
    """
    from guidegraph.export import description as described

    kb = opened()
    made = described.schema_org if form is DescriptionFormat.schema_org else described.turtle
    write(made(kb.engine, kb.knowledge.selected.links), output)
