"""A DataFrame of patients answered as a DataFrame, when an action asks for its rows."""

from __future__ import annotations

import pickle
from functools import partial

import polars as pl
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, functions
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from guidegraph import assets
from guidegraph.api import KnowledgeBase, open_knowledge
from guidegraph.api.cohort import CohortOptions, no_problem, request
from guidegraph.cohort.asking import Question
from guidegraph.cohort.columns import IGNORED, Columns, naming
from guidegraph.cohort.lists import LISTS
from guidegraph.cohort.longrows import is_long, long_columns
from guidegraph.cohort.rows import FrameRows
from guidegraph.cohort.run import Work
from guidegraph.cohort.tables import check_types
from guidegraph.errors import UsageError
from guidegraph.spark.arrows import LEFT_OUT, NOT_UNDERSTOOD, SEVERAL
from guidegraph.spark.kernel import kernel
from guidegraph.spark.tasks import frames

_FRAME = "the DataFrame"
#: Who a row is of, without the spaces around the name; a column for the time of the join.
_WHO = "who the row is of"


def statuses(patients: DataFrame, kb: KnowledgeBase | None, options: CohortOptions) -> DataFrame:
    """As :func:`guidegraph.spark.statuses`."""
    kb = kb or open_knowledge()
    if options.get("long"):
        raise UsageError("a DataFrame is answered with a row a patient", where="long", mend="Unpivot the answer.")
    no_problem(options, _FRAME)
    asked = request(kb, options)
    meanings = options.get("columns", {})
    facts = is_long([meanings.get(name, name) for name in patients.columns])
    if facts:
        columns = long_columns(_kinds(patients), meanings, _FRAME)
    else:
        columns = [c for c in Columns(kb.vocabulary).read(patients.columns, meanings, _FRAME) if c.kind != IGNORED]
    name = naming(columns)
    chosen = patients.select(*(_column(column.name) for column in columns))
    kinds = _kinds(chosen)
    if not facts:
        check_types(kinds, name, kinds.names(), _FRAME)
    sent = kernel(kb.knowledge, columns, kinds[name], asked)
    # The words as they are here: a kernel that has opened them would not be plain data any more.
    decides = Question(asked, sent.criteria, kb.vocabulary, sent.knowledge)
    heads = Work(decides, FrameRows((), columns, kinds[name], lambda frame: sent.several, _FRAME)).coded
    told = {
        head: ArrayType(StringType()) if kind == LISTS else StringType() for head, kind in heads.items() if head != name
    }
    told |= dict.fromkeys((LEFT_OUT, NOT_UNDERSTOOD), StringType())
    schema = StructType([patients.schema[name], *(StructField(head, kind) for head, kind in told.items())])
    arranged = _together(chosen, name) if facts else _marked(chosen, name)
    return arranged.mapInArrow(partial(frames, pickle.dumps(sent), assets.VERSION), schema)


def _column(name: str) -> Column:
    return functions.col("`{}`".format(name.replace("`", "``")))


def _kinds(patients: DataFrame) -> pl.Schema:
    """The types of the columns as they arrive at the tasks.

    Raises:
        UsageError: a column is of a type that none of them can have.
    """
    try:
        empty = pl.from_arrow(to_arrow_schema(patients.schema).empty_table())
    except (PySparkException, pl.exceptions.PolarsError) as error:
        first = str(error).partition("\n")[0][:300]
        raise UsageError(first, where=_FRAME, mend="Leave out the column, or cast it to text or numbers.") from None
    assert isinstance(empty, pl.DataFrame)
    return empty.schema


def _together(patients: DataFrame, name: str) -> DataFrame:
    """The rows of each patient one after another in one partition."""
    # By the bytes of a text, whatever its collation holds to be the same.
    who = _column(name).cast(StringType()) if _is_text(patients, name) else _column(name)
    return patients.repartition(who).sortWithinPartitions(who)


def _is_text(patients: DataFrame, name: str) -> bool:
    return isinstance(patients.schema[name].dataType, StringType)


def _marked(patients: DataFrame, name: str) -> DataFrame:
    """The patients, with a column that says who stands in several rows, each of which knows a part of the facts."""
    who = _column(name)
    bare = functions.regexp_replace(who, r"(?U)\A\s+|\s+\z", "") if _is_text(patients, name) else who
    named = patients.withColumn(_WHO, bare)
    several = named.groupBy(_WHO).count().filter(f"count > 1 and `{_WHO}` is not null")
    several = several.select(_column(_WHO), functions.lit(True).alias(SEVERAL))
    return named.join(functions.broadcast(several), on=_WHO, how="left").drop(_WHO)
