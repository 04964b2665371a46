--+ id: omop/drug_era
--+ question: During which eras were these persons exposed to an ingredient?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, drug_era_id AS id, drug_concept_id, drug_era_start_date, drug_era_end_date
FROM drug_era
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
