"""The terms of OWL's RDF form, and the OWL/XML elements that they become.

Source: W3C Recommendations "OWL 2 Mapping to RDF Graphs", tables 3 to 16, and "OWL 2 XML Serialization", section 3.
"""

from __future__ import annotations

from guidegraph.namespaces import OWL, RDF, RDFS

_OBJECT, _DATA, _ANNOTATION = "ObjectProperty", "DataProperty", "AnnotationProperty"

#: What declares a name.
ENTITIES = {
    OWL + "Class": "Class",
    OWL + "ObjectProperty": _OBJECT,
    OWL + "DatatypeProperty": _DATA,
    OWL + "AnnotationProperty": _ANNOTATION,
    OWL + "NamedIndividual": "NamedIndividual",
    RDFS + "Datatype": "Datatype",
}
CLASS_AXIOMS = {
    RDFS + "subClassOf": "SubClassOf",
    OWL + "equivalentClass": "EquivalentClasses",
    OWL + "disjointWith": "DisjointClasses",
}
INDIVIDUAL_AXIOMS = {OWL + "sameAs": "SameIndividual", OWL + "differentFrom": "DifferentIndividuals"}
#: Axioms between or of properties, by the kind of the property.
PROPERTY_AXIOMS = {
    RDFS + "subPropertyOf": {
        _OBJECT: "SubObjectPropertyOf",
        _DATA: "SubDataPropertyOf",
        _ANNOTATION: "SubAnnotationPropertyOf",
    },
    RDFS + "domain": {
        _OBJECT: "ObjectPropertyDomain",
        _DATA: "DataPropertyDomain",
        _ANNOTATION: "AnnotationPropertyDomain",
    },
    RDFS + "range": {
        _OBJECT: "ObjectPropertyRange",
        _DATA: "DataPropertyRange",
        _ANNOTATION: "AnnotationPropertyRange",
    },
    OWL + "inverseOf": {_OBJECT: "InverseObjectProperties"},
    OWL + "equivalentProperty": {_OBJECT: "EquivalentObjectProperties", _DATA: "EquivalentDataProperties"},
    OWL + "propertyDisjointWith": {_OBJECT: "DisjointObjectProperties", _DATA: "DisjointDataProperties"},
}
AXIOMS = {**CLASS_AXIOMS, **INDIVIDUAL_AXIOMS, **PROPERTY_AXIOMS}
CHARACTERISTICS = {
    OWL + "FunctionalProperty": {_OBJECT: "FunctionalObjectProperty", _DATA: "FunctionalDataProperty"},
    OWL + "InverseFunctionalProperty": {_OBJECT: "InverseFunctionalObjectProperty"},
    OWL + "TransitiveProperty": {_OBJECT: "TransitiveObjectProperty"},
    OWL + "SymmetricProperty": {_OBJECT: "SymmetricObjectProperty"},
    OWL + "AsymmetricProperty": {_OBJECT: "AsymmetricObjectProperty"},
    OWL + "ReflexiveProperty": {_OBJECT: "ReflexiveObjectProperty"},
    OWL + "IrreflexiveProperty": {_OBJECT: "IrreflexiveObjectProperty"},
}
#: Axioms that stand at a node of their own: the element, what its members are, and the lists that may hold them.
GROUPS = {
    OWL + "AllDisjointClasses": ("DisjointClasses", "Class", (OWL + "members",)),
    OWL + "AllDifferent": ("DifferentIndividuals", "Individual", (OWL + "distinctMembers", OWL + "members")),
}
CONNECTIVES = {
    OWL + "intersectionOf": "ObjectIntersectionOf",
    OWL + "unionOf": "ObjectUnionOf",
    OWL + "complementOf": "ObjectComplementOf",
    OWL + "oneOf": "ObjectOneOf",
}
RESTRICTIONS = {
    OWL + "someValuesFrom": "SomeValuesFrom",
    OWL + "allValuesFrom": "AllValuesFrom",
    OWL + "hasValue": "HasValue",
}
#: Types of the nodes of expressions, which are read with the expression.
STRUCTURAL = {OWL + "Class", OWL + "Restriction", RDFS + "Datatype", RDF + "List"}
#: Properties of the nodes of expressions.
PARTS = {
    *CONNECTIVES,
    *RESTRICTIONS,
    OWL + "onProperty",
    OWL + "onDatatype",
    OWL + "withRestrictions",
    OWL + "members",
    OWL + "distinctMembers",
    RDF + "first",
    RDF + "rest",
}
#: Source: "OWL 2 Structural Specification", section 5.5.
BUILT_IN_ANNOTATIONS = {
    RDFS + "label",
    RDFS + "comment",
    RDFS + "seeAlso",
    RDFS + "isDefinedBy",
    OWL + "versionInfo",
    OWL + "deprecated",
    OWL + "backwardCompatibleWith",
    OWL + "incompatibleWith",
    OWL + "priorVersion",
}
