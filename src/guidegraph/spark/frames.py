"""A DataFrame of patients answered as a DataFrame, when an action asks for its rows."""

from __future__ import annotations

import pickle
from functools import partial

import polars as pl
from pyspark.sql import DataFrame
from pyspark.sql.types import StringType, StructField, StructType

from guidegraph import assets
from guidegraph.api import KnowledgeBase, open_knowledge
from guidegraph.api.cohort import CohortOptions, request
from guidegraph.cohort.columns import IGNORED, Columns, naming
from guidegraph.cohort.longrows import is_long
from guidegraph.cohort.rows import FrameRows
from guidegraph.cohort.run import Work
from guidegraph.errors import UsageError
from guidegraph.spark.arrows import LEFT_OUT, NOT_UNDERSTOOD
from guidegraph.spark.kernel import kernel
from guidegraph.spark.tasks import frames

_FRAME = "the DataFrame"


def statuses(patients: DataFrame, kb: KnowledgeBase | None, options: CohortOptions) -> DataFrame:
    """As :func:`guidegraph.spark.statuses`."""
    kb = kb or open_knowledge()
    if options.get("long"):
        raise UsageError("a DataFrame is answered with a row a patient", where="long", mend="Unpivot the answer.")
    asked = request(kb, options)
    meanings = options.get("columns", {})
    if is_long([meanings.get(name, name) for name in patients.columns]):
        raise UsageError(
            "a row a fact is not answered here", where=_FRAME, mend="Pivot it to a row a patient (docs/cohort.md)."
        )
    columns = [c for c in Columns(kb.vocabulary).read(patients.columns, meanings, _FRAME) if c.kind != IGNORED]
    name = naming(columns)
    sent = kernel(kb.knowledge, columns, pl.Null(), asked)
    heads = Work(sent.criteria, kb.vocabulary, FrameRows((), columns, pl.Null(), _FRAME), asked).schema
    texts = [head for head in heads if head != name]
    schema = StructType(
        [patients.schema[name], *(StructField(text, StringType()) for text in (*texts, LEFT_OUT, NOT_UNDERSTOOD))]
    )
    chosen = patients.select(*("`{}`".format(column.name.replace("`", "``")) for column in columns))
    return chosen.mapInArrow(partial(frames, pickle.dumps(sent), assets.VERSION), schema)
