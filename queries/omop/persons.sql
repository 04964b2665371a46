--+ id: omop/persons
--+ question: Which persons come next, in the order of their ids?
--+ why: Many persons are read a group at a time, so that memory stays bounded.
--+ params: after "the last person id of the group before", many "how many persons make a group"
--+ empty-means: There is no further person.
SELECT DISTINCT person_id AS person
FROM person
WHERE person_id > $after
ORDER BY person
LIMIT $many
