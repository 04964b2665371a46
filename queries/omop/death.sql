--+ id: omop/death
--+ question: Which of these persons have died, and when?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, death_date
FROM death
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
