--+ id: omop/person
--+ question: Who are these persons?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, birth_datetime
FROM person
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
