"""For each check over the knowledge base TriG that it finds nothing in, TriG with its fault, and what it finds there."""

from __future__ import annotations

from guidegraph import namespaces as ns

PREFIXES = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <urn:x:> .
"""
TERMS = ":Ill rdfs:subClassOf gg:Condition . :Pill rdfs:subClassOf gg:Drug . gg:Drug rdfs:subClassOf gg:Intervention . "
EVENT = "owl:equivalentClass [ owl:onProperty gg:hasTrial ; owl:someValuesFrom [ owl:intersectionOf ( {} ) ] ] ."
DENIED = (
    ":p a gg:Patient , [ owl:complementOf [ owl:onProperty gg:hasTrial ; owl:someValuesFrom [ owl:intersectionOf ( "
    "[ owl:onProperty gg:ofIntervention ; owl:someValuesFrom gg:Drug ] "
    "[ owl:onProperty gg:hasOutcome ; owl:hasValue gg:Failed ] ) ] ] ] ; "
)
CONDITION = "{} rdfs:subClassOf gg:Condition ; "
CATEGORIES = (
    'gg:Drug gg:categoryName "drug" ; rdfs:subClassOf gg:Intervention . '
    'gg:SelfCare gg:categoryName "self-care" ; rdfs:subClassOf gg:Intervention . '
)
ILL = "[ owl:onProperty gg:hasCondition ; owl:someValuesFrom :Ill ]"
ROUTES = (
    ":Taken gg:routeOfClass gg:Systemic ; rdfs:subClassOf gg:Drug . :Gel gg:routeOfClass gg:Topical . "
    ":Patch gg:routeOfClass gg:Topical . "
)
NUMBER = (
    'gg:weight gg:profileKey "weight" ; rdfs:range xsd:decimal ; gg:minimumPlausible 0.0 ; gg:maximumPlausible 600.0 . '
)
GG = "https://w3id.org/guidegraph/vocab/"
#: A drug, a variant of it by its name, one that only looks like one, and a document.
MISPLACED = (
    ":Ill rdfs:subClassOf gg:Condition . :Pill rdfs:subClassOf gg:Drug . gg:Drug rdfs:subClassOf gg:Intervention . "
)
DEPRECATED = (
    ':New a owl:Class . :Old a owl:Class ; owl:deprecated true ; gg:deprecatedSince "0.2.0" ; gg:deprecationReason "split"@en ;'
    ' dcterms:isReplacedBy :New . :order owl:deprecated true ; gg:deprecatedSince "0.2.0" ; gg:deprecationReason "gone"@en . '
)
MARKS = (
    'gg:Drug rdfs:subClassOf gg:Intervention ; gg:categoryName "drug" ; rdfs:label "drug" . '
    ':Pill rdfs:subClassOf gg:Drug ; rdfs:label "pill" . :Slow rdfs:subClassOf :Pill ; rdfs:label "slow pill" . '
    ':Pillar rdfs:subClassOf :Pill ; rdfs:label "pillar" . :g gg:encodes :d . '
)
#: A drug, a class named by a route below it and one below the category itself, and classes with data of their own.
VARIANTS = (
    'gg:Drug rdfs:subClassOf gg:Intervention ; gg:categoryName "drug" . gg:route gg:nameWord "drip" . '
    ':Pill rdfs:subClassOf gg:Drug ; rdfs:label "pill" . :Drip rdfs:label "pill by drip" . '
    ':Tea rdfs:subClassOf gg:Drug ; rdfs:label "drip tea" . :Dripping rdfs:subClassOf :Pill ; rdfs:label "dripping pill" . '
)
SPOKEN = (
    ':A rdfs:subClassOf :Pill ; gg:route "drip" . :B rdfs:subClassOf :Pill ; gg:duration "slow" . '
    ':C rdfs:subClassOf :Pill ; gg:urgency "now" . '
)
POPULATION = f":P a gg:Population ; owl:equivalentClass {ILL} . "

EXCLUSIONS = (
    'gg:weeks rdfs:label "weeks of illness" . :Ill rdfs:label "Ill" . :Bald rdfs:label "Bald" . :VeryIll rdfs:subClassOf :Ill . '
    "[] owl:onProperty gg:hasFinding ; owl:someValuesFrom :Bald ; rdfs:subClassOf "
    "[ owl:complementOf [ owl:onProperty gg:hasCondition ; owl:someValuesFrom :Ill ] ] . "
    "[] owl:onProperty gg:weeks ; owl:someValuesFrom xsd:decimal ; rdfs:subClassOf "
    "[ owl:onProperty gg:hasCondition ; owl:someValuesFrom :Ill ] . "
)

#: Documents that were read at a copy, each on the same site.
COPIES = " ".join(
    f":{name} a gg:Document ; gg:verifiedAt <https://copies.org/{name}> ; gg:copyAt <https://copies.org/{name}> ."
    for name in "defg"
)

#: check, what is right, what is wrong, and the rows (node, detail) that the wrong gives
CASES: dict[str, tuple[str, str, set[tuple[str, str]]]] = {
    "profile-exclusion": (
        EXCLUSIONS + ":a a gg:Patient ; gg:hasCondition [ a :Ill ] . :b a gg:Patient ; gg:weeks 3.0 .",
        EXCLUSIONS + ":a a gg:Patient ; gg:hasFinding [ a :Bald ] ; gg:hasCondition [ a :VeryIll ] . "
        ":b a gg:Patient ; gg:weeks 3.0 ; gg:hasFinding [ a :Bald ] . "
        ":c a gg:Patient , [ owl:complementOf [ owl:onProperty gg:hasCondition ; owl:someValuesFrom :Ill ] ] ; gg:weeks 3.0 .",
        {
            ("urn:x:a", "Bald excludes Ill"),
            ("urn:x:b", "Bald excludes weeks of illness"),
            ("urn:x:c", "weeks of illness brings Ill, which is stated as absent"),
        },
    ),
    "profile-number": (
        NUMBER + ":a a gg:Patient ; gg:weight 70.0 . :b a gg:Patient .",
        NUMBER
        + ":a a gg:Patient ; gg:weight 700.0 . :b a gg:Patient ; gg:weight 70 . :c a gg:Patient ; gg:weight 60.5 , 70.5 .",
        {
            ("urn:x:a", "weight 700 is not between 0 and 600"),
            ("urn:x:b", "weight 70 is no xsd:decimal"),
            ("urn:x:c", "weight 60.5 has a second value, 70.5"),
        },
    ),
    "superseded-in-circle": (
        ":a gg:supersededBy :b . :b gg:supersededBy :c .",
        ":a gg:supersededBy :b . :b gg:supersededBy :c . :c gg:supersededBy :b . :d gg:supersededBy :d .",
        {("urn:x:b", "urn:x:c"), ("urn:x:c", "urn:x:b"), ("urn:x:d", "urn:x:d")},
    ),
    "unknown-term": (
        TERMS + POPULATION + ":r gg:intervention :Pill ; gg:indication :Ill .",
        TERMS
        + ":r gg:intervention :Pil ; gg:indication :Ill . :P a gg:Population ; owl:equivalentClass [ owl:intersectionOf"
        " ( [ owl:complementOf [ owl:onProperty gg:hasTrial ; owl:someValuesFrom [ owl:onProperty gg:ofIntervention ;"
        " owl:someValuesFrom :Pills ] ] ] ) ] .",
        {("urn:x:Pil", "urn:x:r"), ("urn:x:Pills", "urn:x:P")},
    ),
    "unknown-population": (
        POPULATION + ":r gg:population :P . :Q a gg:Population ; owl:equivalentClass [ owl:complementOf :P ] .",
        POPULATION
        + ":r gg:population :R . :Q a gg:Population ;"
        + " owl:equivalentClass [ owl:unionOf ( :P [ owl:complementOf :S ] ) ] .",
        {("urn:x:R", "urn:x:r"), ("urn:x:S", "urn:x:Q")},
    ),
    "strength-readings": (
        ":r a gg:Recommendation . :a gg:ofStatement :r ; gg:strength gg:Strong .",
        ":r a gg:Recommendation . :s a gg:Recommendation . :a gg:ofStatement :s ; gg:strength gg:Strong ."
        " :b gg:ofStatement :s ; gg:strength gg:Conditional .",
        {("urn:x:r", "0"), ("urn:x:s", "2")},
    ),
    "wrong-graph": (
        ":g { :g gg:encodes :d . :r gg:statedIn :d . }",
        ":g { :g gg:encodes :d . :r gg:statedIn :e . } :h { :h gg:encodes :e . :s gg:statedIn :e . }",
        {("urn:x:r", "urn:x:d")},
    ),
    "graph-without-description": (
        ":g { :g a gg:KnowledgeGraph ; gg:encodes :d . :d a gg:Document . :r gg:statedIn :d . }",
        ":g { :g a gg:KnowledgeGraph ; gg:encodes :d . :r gg:statedIn :d . }",
        {("urn:x:g", "urn:x:r")},
    ),
    "ambiguous-name": (
        CONDITION.format(":A") + 'rdfs:label "gout" . :B rdfs:subClassOf gg:Finding ; skos:altLabel "Gout" .',
        CONDITION.format(":A") + 'rdfs:label "gout" . ' + CONDITION.format(":B") + 'skos:altLabel "Gout" .',
        {("urn:x:A", "urn:x:B (gout)")},
    ),
    "inexact-name": (
        f':A rdfs:label "gout" . :B <{ns.OBO_IN_OWL}hasBroadSynonym> "joint" .',
        f':A rdfs:label "gout" . :B <{ns.OBO_IN_OWL}hasBroadSynonym> "Gout" .',
        {("urn:x:B", "urn:x:A (gout)")},
    ),
    "shared-name": (
        ':A rdfs:subClassOf gg:Condition ; rdfs:label "gout" . :B rdfs:subClassOf gg:Finding ; rdfs:label "ache" .',
        ':A rdfs:subClassOf gg:Condition ; rdfs:label "gout" . :B rdfs:subClassOf gg:Finding ; skos:altLabel "Gout" .',
        {("urn:x:A", "urn:x:B (gout)")},
    ),
    "dangling": (
        ":r gg:locator :l . :l a gg:Locator .",
        ":r gg:locator :l ; gg:statedIn :d . :d a gg:Document .",
        {("urn:x:l", "urn:x:r")},
    ),
    "citation-elsewhere": (
        ":c a gg:Citation ; gg:number 1 ; gg:pointsAt :e ; gg:inDocument :d . :e gg:number 1 ; gg:inDocument :d .",
        ":c a gg:Citation ; gg:number 1 ; gg:pointsAt :e . :e gg:number 2 ."
        " :b a gg:Citation ; gg:number 3 ; gg:pointsAt :f ; gg:inDocument :d . :f gg:number 3 ; gg:inDocument :x .",
        {("urn:x:c", "urn:x:e"), ("urn:x:b", "urn:x:f")},
    ),
    "locator-elsewhere": (
        ":r gg:statedIn :d ; gg:locator :l . :l gg:inDocument :d .",
        ":r gg:statedIn :d ; gg:locator :l . :l gg:inDocument :e .",
        {("urn:x:r", "urn:x:l")},
    ),
    "unused-population": (
        POPULATION + ":r gg:population :Q . :Q a gg:Population ; owl:equivalentClass [ owl:intersectionOf ( :P ) ] .",
        POPULATION + ':P rdfs:label "the ill"@en .',
        {("urn:x:P", "the ill")},
    ),
    "document-without-statements": (
        ":d a gg:Document ; gg:verification gg:Verified . :r gg:statedIn :d ."
        " :e a gg:Document ; gg:verification gg:NotVerified .",
        ':d a gg:Document ; gg:verification gg:Verified ; rdfs:label "read"@en .',
        {("urn:x:d", "read")},
    ),
    "undeclared-property": (
        "gg:stance a owl:AnnotationProperty . :r gg:stance :x .",
        "gg:stance a owl:AnnotationProperty . :r gg:stanze :x .",
        {("https://w3id.org/guidegraph/vocab/stanze", "urn:x:r")},
    ),
    "undeclared-value": (
        "gg:For a gg:Stance . gg:Stance a owl:Class . :r :stance gg:For .",
        "gg:For a owl:Thing . :r :stance gg:Fro .",
        {("https://w3id.org/guidegraph/vocab/Fro", "urn:x:r")},
    ),
    "deprecated-term": (
        DEPRECATED + ":r gg:intervention :New .",
        DEPRECATED + ":r gg:intervention :Old ; :order 1 . :P a gg:Population ;"
        " owl:equivalentClass [ owl:unionOf ( [ owl:onProperty gg:takesMedication ; owl:someValuesFrom :Old ] ) ] .",
        {
            ("urn:x:Old", "used by urn:x:r; in its place: urn:x:New"),
            ("urn:x:Old", "used by urn:x:P; in its place: urn:x:New"),
            ("urn:x:order", "used by urn:x:r; in its place: nothing"),
        },
    ),
    "deprecation-incomplete": (
        DEPRECATED,
        ":New a owl:Class . :Kept dcterms:isReplacedBy :New . :Old owl:deprecated true ; rdfs:subClassOf :New ; dcterms:isReplacedBy :None .",
        {
            ("urn:x:Old", "no gg:deprecatedSince"),
            ("urn:x:Old", "no gg:deprecationReason"),
            ("urn:x:Old", "still in the hierarchy"),
            ("urn:x:Old", "replaced by urn:x:None, which is not in use"),
            ("urn:x:Kept", "not marked owl:deprecated true"),
        },
    ),
    "text-form": (
        ':a a owl:Class ; rdfs:label "a b"@en ; skos:definition "A thing."@en ; skos:altLabel "b"@en .',
        ':a a owl:Class ; rdfs:label " a"@en ; skos:definition "a thing"@en ; skos:altLabel "b  c"@en ; skos:scopeNote "Two\\nlines."@en .',
        {("urn:x:a", " a"), ("urn:x:a", "a thing"), ("urn:x:a", "b  c"), ("urn:x:a", "Two\nlines.")},
    ),
    "repeated-text": (
        ':a a owl:Class ; rdfs:label "a"@en . :b a owl:Class ; rdfs:label "b"@en . :P a owl:Class , gg:Population ; rdfs:label "a"@en .',
        ':a a owl:Class ; rdfs:label "a"@en . :b a owl:Class ; rdfs:label "a"@en .',
        {("urn:x:a", "urn:x:b: a")},
    ),
    "class-place": (
        "ggt:A a owl:Class ; rdfs:subClassOf gg:Drug . :P owl:equivalentClass [ owl:unionOf ( :a :b ) ] .",
        "ggt:A a owl:Class . :B rdfs:subClassOf :C . :C rdfs:subClassOf :B . :D owl:equivalentClass :E , [ owl:unionOf ( :a :b ) ] .",
        {
            ("https://w3id.org/guidegraph/term/A", "no class above it"),
            ("urn:x:B", "each is below the other: urn:x:B"),
            ("urn:x:B", "each is below the other: urn:x:C"),
            ("urn:x:C", "each is below the other: urn:x:C"),
            ("urn:x:D", "equivalent to urn:x:E"),
            ("urn:x:D", "two definitions"),
        },
    ),
    "ontology-header": (
        ':o a owl:Ontology ; dcterms:title "O"@en ; dcterms:description "D."@en ; dcterms:license :l ; owl:versionInfo "1" ; owl:versionIRI :v .',
        ':o a owl:Ontology ; dcterms:title "O"@en , "P"@en ; dcterms:description "D."@en ; dcterms:license :l ; owl:versionInfo "1" .',
        {("urn:x:o", "http://purl.org/dc/terms/title"), ("urn:x:o", "http://www.w3.org/2002/07/owl#versionIRI")},
    ),
    "misplaced-term": (
        MISPLACED + ":r gg:intervention :Pill ; gg:indication :Ill . :d gg:target :Ill ; gg:test :Pill .",
        MISPLACED + ":r gg:intervention :Ill ; gg:indication :Pill . :d gg:target :Ill ; gg:test :Ill .",
        {("urn:x:r", "urn:x:Ill"), ("urn:x:r", "urn:x:Pill"), ("urn:x:d", "urn:x:Ill")},
    ),
    "closed-list": (
        ":L owl:equivalentClass [ owl:oneOf ( :one :two ) ] . :one a :L . :two a :L . :three a :Open .",
        ":L owl:equivalentClass [ owl:oneOf ( :one :two ) ] . :one a :L . :three a :L .",
        {("urn:x:three", "urn:x:L")},
    ),
    "population-cycle": (
        POPULATION + ":Q a gg:Population ; owl:equivalentClass [ owl:unionOf ( :P ) ] .",
        ":P a gg:Population ; owl:equivalentClass [ owl:unionOf ( :Q ) ] ."
        " :Q a gg:Population ; owl:equivalentClass [ owl:intersectionOf ( [ owl:complementOf :P ] ) ] .",
        {("urn:x:P", "urn:x:P"), ("urn:x:Q", "urn:x:Q")},
    ),
    "empty-member": (
        POPULATION
        + f":Q a gg:Population ; owl:equivalentClass [ owl:unionOf ( :P [ owl:intersectionOf ( {ILL} ) ] ) ] .",
        f":Q a gg:Population ; owl:equivalentClass [ owl:unionOf ( {ILL} [ owl:intersectionOf ( [] ) ] ) ] .",
        {("urn:x:Q", "urn:x:Q")},
    ),
    "selector-differs": (
        ":l a gg:Locator ; gg:inDocument :d ; gg:startOffset 3 ; gg:endOffset 9 ; oa:hasSource :d ;"
        " oa:hasSelector [ a oa:TextPositionSelector ; oa:start 3 ; oa:end 9 ] . :m a gg:Locator ; gg:inDocument :d ;"
        ' gg:numberInDocument "1.2" ; oa:hasSource :d ; oa:hasSelector [ a oa:TextQuoteSelector ; oa:exact "1.2" ] .',
        ":l a gg:Locator ; gg:inDocument :d ; gg:startOffset 3 ; gg:endOffset 9 ; oa:hasSource :e ;"
        " oa:hasSelector [ a oa:TextPositionSelector ; oa:start 3 ; oa:end 8 ] . :m a gg:Locator ; gg:inDocument :d ;"
        ' gg:numberInDocument "1.2" ; oa:hasSelector [ a oa:TextQuoteSelector ; oa:exact "1.3" ] , [ a oa:XPathSelector ] .',
        {
            ("urn:x:l", "urn:x:e"),
            ("urn:x:l", "8"),
            ("urn:x:m", "1.3"),
            ("urn:x:m", "no offsets and no words"),
        },
    ),
    "copy-only": (
        COPIES
        + " :d gg:doi <https://doi.org/10.1/x> . :e gg:publishedAt <https://e.org/own> . :f gg:addressSought 'in vain' ."
        " :g gg:verifiedAt <https://g.org/own> .",
        COPIES
        + " :e gg:publishedAt <https://copies.org/e> . :h a gg:Document ; gg:verifiedAt <https://copies.org/h> .",
        {
            *((f"urn:x:{name}", f"https://copies.org/{name}") for name in "defgh"),
        },
    ),
    "lay-missing": (
        ':Ill rdfs:subClassOf gg:Condition ; rdfs:label "ill" ; gg:layLabel "ill"@en .'
        ' :flag a gg:FlagToWeigh ; gg:layLabel "a reason to think of it"@en , "signe"@fr .',
        ':Ill rdfs:subClassOf gg:Condition ; rdfs:label "ill" . :flag a gg:FlagToWeigh ; gg:layLabel "signe"@fr .'
        ' :Pill rdfs:subClassOf gg:Intervention ; gg:layLabel "pill"@en . :Tablet rdfs:subClassOf gg:Intervention ; gg:layLabel "pill"@en .',
        {
            ("urn:x:Ill", "no gg:layLabel"),
            ("urn:x:flag", "no gg:layLabel"),
            ("urn:x:Pill", "called the same as urn:x:Tablet"),
            ("urn:x:Tablet", "called the same as urn:x:Pill"),
        },
    ),
    "mark-without-reason": (
        ':Care gg:collective true ; skos:scopeNote "as a whole" . gg:weight gg:noListDenies true ; skos:scopeNote "no entry" .',
        ":Care gg:collective true . gg:weight gg:noListDenies true .",
        {("urn:x:Care", GG + "collective"), (GG + "weight", GG + "noListDenies")},
    ),
    "mark-missing": (
        MARKS + ':Slow gg:onlyWhenNamed false . gg:Drug gg:coverageIsCaution true . :d gg:shortLabel "D 1999" .'
        f" :a a gg:Alert ; gg:population :P . :P owl:equivalentClass {ILL} .",
        MARKS + ":a a gg:Alert ; gg:population :P . gg:weight a owl:DatatypeProperty ."
        " :P owl:equivalentClass [ owl:onProperty gg:weight ; owl:someValuesFrom [] ] .",
        {
            ("urn:x:Slow", GG + "onlyWhenNamed (pill)"),
            (GG + "Drug", GG + "coverageIsCaution"),
            ("urn:x:d", GG + "shortLabel"),
            ("urn:x:a", GG + "FlagToWeigh"),
        },
    ),
    "variant-unsaid": (
        VARIANTS + ':Drip rdfs:subClassOf :Pill ; gg:route "drip" ; gg:onlyWhenNamed true . :Old owl:deprecated true .',
        VARIANTS + ":Drip rdfs:subClassOf :Pill . :Old rdfs:subClassOf :Pill ; gg:route 'drip' .",
        {("urn:x:Drip", GG + "route"), ("urn:x:Old", GG + "onlyWhenNamed")},
    ),
    "variant-unspoken": (
        VARIANTS + SPOKEN + ":s gg:intervention :A . :r owl:onProperty gg:takesMedication ; owl:someValuesFrom :B ."
        " :C gg:routeOfClass gg:Topical .",
        VARIANTS + SPOKEN + ":r owl:onProperty gg:hasComponent ; owl:someValuesFrom :B .",
        {("urn:x:A", "drip"), ("urn:x:B", "slow"), ("urn:x:C", "now")},
    ),
    "collective-with-member": (
        ":Care gg:collective true . :Pill rdfs:subClassOf :Other .",
        ":Care gg:collective true . :Pill rdfs:subClassOf :Care .",
        {("urn:x:Pill", "urn:x:Care")},
    ),
    "routes-mixed": (
        ROUTES
        + ":Gel rdfs:subClassOf gg:Drug . :kit rdfs:subClassOf [ owl:onProperty gg:hasComponent ; owl:someValuesFrom :Gel ] ."
        ' :label gg:intervention :Taken ; gg:route "oral" .',
        ROUTES
        + ":Gel rdfs:subClassOf :Taken . :Thin rdfs:subClassOf :Gel . :Pill gg:routeOfClass gg:Systemic ; rdfs:subClassOf :Patch ,"
        " [ owl:onProperty gg:hasComponent ; owl:someValuesFrom :Thin ] ."
        ' :label gg:intervention gg:Drug ; gg:route "oral or injected" . :Patch rdfs:subClassOf gg:Drug .',
        {
            ("urn:x:Gel", "urn:x:Taken"),
            ("urn:x:Pill", "urn:x:Patch"),
            ("urn:x:Pill", "urn:x:Gel"),
            ("urn:x:Pill", "urn:x:Taken"),
            ("urn:x:label", "urn:x:Gel"),
            ("urn:x:label", "urn:x:Patch"),
        },
    ),
    "repeated-part": (
        ":P a gg:Population ; " + EVENT.format("[ owl:onProperty gg:ofIntervention ] [ owl:onProperty gg:hasOutcome ]"),
        ":P a gg:Population ; "
        + EVENT.format("[ owl:onProperty gg:ofIntervention ] [ owl:onProperty gg:ofIntervention ]"),
        {("urn:x:P", "https://w3id.org/guidegraph/vocab/ofIntervention")},
    ),
    "intervention-category": (
        CATEGORIES + ":Care rdfs:subClassOf gg:Intervention . :Pill rdfs:subClassOf gg:Drug , :Care .",
        CATEGORIES
        + ":Both rdfs:subClassOf gg:Drug , gg:SelfCare ."
        + " :Care rdfs:subClassOf gg:Intervention . :Inner rdfs:subClassOf :Care .",
        {("urn:x:Both", "drug, self-care"), ("urn:x:Inner", "")},
    ),
    "superseded-without-date": (
        ':d gg:supersededBy :e . :e dcterms:issued "2020" . :f gg:supersededBy :h ; gg:supersededOn "2021" .',
        ":d gg:supersededBy :e .",
        {("urn:x:d", "urn:x:e")},
    ),
    "line-elsewhere": (
        ":r gg:line 1 ; gg:section :s . :s gg:line 1 . :t gg:section :s . :u gg:line 2 .",
        ":r gg:line 2 ; gg:section :s . :s gg:line 1 .",
        {("urn:x:r", "1")},
    ),
    "part-without-place": (
        ':d gg:documentDigest "0" . :c a gg:Citation ; gg:inDocument :d ; gg:locator :l . :e a gg:Section ; gg:inDocument :x .',
        ':d gg:documentDigest "0" . :c a gg:Citation ; gg:inDocument :d . :s a gg:Section ; gg:inDocument :d .'
        " :r a gg:Reference ; gg:inDocument :d ; gg:locator :l .",
        {("urn:x:c", "urn:x:d"), ("urn:x:s", "urn:x:d")},
    ),
    "profile-event-contradiction": (
        TERMS + DENIED + "gg:hasTrial [ gg:ofIntervention [ a :Pill ] ; gg:hasOutcome gg:Succeeded ] .",
        TERMS + DENIED + "gg:hasTrial [ gg:ofIntervention [ a :Pill ] ; gg:hasOutcome gg:Failed ] .",
        {("urn:x:p", "https://w3id.org/guidegraph/vocab/Drug")},
    ),
}
