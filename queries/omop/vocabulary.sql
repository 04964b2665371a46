--+ id: omop/vocabulary
--+ question: Which release of the standardized vocabularies does the source hold?
--+ params: none
--+ empty-means: The source does not say.
SELECT vocabulary_version
FROM vocabulary
WHERE vocabulary_id = 'None' AND vocabulary_version IS NOT NULL
ORDER BY ALL
