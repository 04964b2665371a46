"""Cohorts beyond one machine: Spark carries files, row groups or batches to the kernel that answers them.

>>> import guidegraph.spark
>>> answers = guidegraph.spark.statuses(patients)  # a DataFrame of a Spark session
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guidegraph.spark.sessions import needed, session

if TYPE_CHECKING:
    from typing import Unpack

    from pyspark.sql import DataFrame

    from guidegraph.api import KnowledgeBase
    from guidegraph.api.cohort import CohortOptions

__all__ = ["needed", "session", "statuses"]


def statuses(patients: DataFrame, kb: KnowledgeBase | None = None, **options: Unpack[CohortOptions]) -> DataFrame:
    """The status of each therapy for a DataFrame with a row a patient or a fact, in the session that it is of.

    Nothing runs before an action asks for the rows. No row is left out: one that cannot be read has no status, and the
    column ``left_out`` says why; ``not_understood`` has the entries that were passed over.

    Args:
        patients: columns as docs/cohort.md has them.
        kb: what is known; the shipped knowledge if None.
        options: what is asked (:class:`guidegraph.api.cohort.CohortOptions`), but for ``long``. If ``strict``, the
            first row that cannot be read ends the job.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: a heading or an option cannot be used, or a library is missing.
    """
    with needed():
        from guidegraph.spark.frames import statuses as answered
    return answered(patients, kb, options)
