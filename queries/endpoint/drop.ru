#+ id: endpoint/drop
#+ title: A graph removed
#+ why: SILENT, since a graph that is not there is as good as removed.
DROP SILENT GRAPH <hole:graph>
