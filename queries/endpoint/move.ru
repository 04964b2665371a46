#+ id: endpoint/move
#+ title: A finished graph takes its place
#+ why: The old graph stays until the new one is whole.
MOVE GRAPH <hole:from> TO GRAPH <hole:to>
