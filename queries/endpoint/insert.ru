#+ id: endpoint/insert
#+ title: Some triples into one graph
#+ why: Blank nodes need the INSERT of a pattern: a constant one of Virtuoso takes none.
INSERT { GRAPH <hole:graph> { <hole:triples> <hole:triples> <hole:triples> . } }
WHERE { }
