--+ id: omop/strangers
--+ question: How many rows of a table belong to nobody, since their person_id is no whole number?
--+ why: A row that cannot be given to anybody could be anybody's, so it is never left out in silence.
--+ params: none
--+ empty-means: Every row belongs to somebody.
SELECT count(*) AS number
FROM given
WHERE TRY_CAST(person_id AS BIGINT) IS NULL
   OR TRY_CAST(person_id AS BIGINT) <> TRY_CAST(person_id AS DOUBLE)
