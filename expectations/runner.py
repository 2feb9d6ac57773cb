"""Runs the suites with Great Expectations and says the results in words."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from expectations.suites import Assertion, Suite

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["true", "false", "error", "note"]


@dataclass(frozen=True)
class CheckResult:
    """One data check, as it stands in `data_checks.csv`.

    Attributes:
        check_id: `<suite>.<assertion>`, stable.
        control_id: control, or empty for a check on a source.
        population_id: population, or the source instance.
        kind: completeness or coverage.
        expectation: the expectation in words.
        expected: what Great Expectations was asked for.
        observed: what was found, in words.
        passed: `true`, `false`, `note` when it is no pass and only the package's face says so, or `error` when it could
            not be evaluated (which is never a pass).
    """

    check_id: str
    control_id: str
    population_id: str
    kind: str
    expectation: str
    expected: str
    observed: str
    passed: Outcome

    def as_dict(self) -> dict[str, str]:
        """Plain text values by column."""
        return asdict(self)


def run(suites: Sequence[Suite], warehouse: Path) -> list[CheckResult]:
    """Validate every suite against the summary tables of a warehouse.

    Args:
        suites: from :func:`expectations.suites.suites`.
        warehouse: the DuckDB file, opened read-only.

    Returns:
        One result per assertion, in the order of the suites.
    """
    import duckdb

    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # it imports PySpark wherever that is installed
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("warehouse")
    results: list[CheckResult] = []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for suite in suites:
            for table in dict.fromkeys(assertion.table for assertion in suite.assertions):
                frame = _rows(connection, table, suite)
                assertions = [assertion for assertion in suite.assertions if assertion.table == table]
                results += _validate(context, source, suite, table, assertions, frame)
    order = {f"{suite.name}.{assertion.name}": n for n, (suite, assertion) in enumerate(_pairs(suites))}
    return sorted(results, key=lambda result: order[result.check_id])


def _pairs(suites: Sequence[Suite]) -> Iterator[tuple[Suite, Assertion]]:
    for suite in suites:
        for assertion in suite.assertions:
            yield suite, assertion


def _rows(connection: Any, table: str, suite: Suite) -> pd.DataFrame:
    # Both names are constants of suites.py; the value is bound.
    frame: pd.DataFrame = connection.execute(
        f"select * from reporting.{table} where {suite.column} = $1 order by all",  # noqa: S608
        [suite.value],
    ).df()
    return frame


def _validate(
    context: Any, source: Any, suite: Suite, table: str, assertions: Sequence[Assertion], frame: pd.DataFrame
) -> Iterator[CheckResult]:
    import great_expectations as gx
    import great_expectations.expectations as gxe

    name = f"{suite.name}.{table}"
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("whole")
    built = [getattr(gxe, a.expectation)(**a.arguments, meta={"assertion": a.name}) for a in assertions]
    gx_suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=built))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=gx_suite))
    outcome = definition.run(batch_parameters={"dataframe": frame}, result_format="COMPLETE")
    by_name = {assertion.name: assertion for assertion in assertions}
    for result in outcome.results:
        yield _result(suite, by_name[result.expectation_config.meta["assertion"]], result, frame)


def _result(suite: Suite, assertion: Assertion, result: Any, frame: pd.DataFrame) -> CheckResult:
    facts = result.result or {}
    errored = not facts or any(isinstance(info, dict) and info.get("raised_exception") for info in _exceptions(result))
    # Great Expectations passes over nulls; here a value that is not known is not a pass.
    unknown = not assertion.may_be_null and int(facts.get("missing_count") or 0) > 0
    failure: Outcome = "note" if assertion.is_note else "false"
    passed: Outcome = "error" if errored else "true" if result.success and not unknown else failure
    return CheckResult(
        check_id=f"{suite.name}.{assertion.name}",
        control_id=suite.control_id,
        population_id=suite.population_id or suite.value,
        kind=assertion.kind,
        expectation=_filled(assertion.words, frame),
        expected=f"{assertion.expectation}({', '.join(f'{k}={v!r}' for k, v in sorted(assertion.arguments.items()))})",
        observed=_observed(assertion, facts, frame, passed),
        passed=passed,
    )


def _exceptions(result: Any) -> list[Any]:
    info = result.exception_info or {}
    return [info, *info.values()]


def _filled(words: str, frame: pd.DataFrame) -> str:
    values = {str(column): str(value) for column, value in frame.iloc[0].items()} if len(frame) else {}
    return words.format_map(defaultdict(lambda: "unknown", values))


def _observed(assertion: Assertion, facts: dict[str, Any], frame: pd.DataFrame, passed: Outcome) -> str:
    """What was found: the offending rows (the first ten) when it failed, a count when it passed."""
    if passed == "error":
        return "could not be evaluated"
    if "observed_value" in facts:
        return f"{facts['observed_value']} rows"
    rows = len(frame)
    if passed == "true" and not rows and assertion.when_empty:
        return assertion.when_empty
    if passed == "true":
        return f"{rows} {'row' if rows == 1 else 'rows'} examined, all as expected"
    positions = [int(position) for position in facts.get("unexpected_index_list") or range(rows)]
    shown = [_row_in_words(assertion, frame, position) for position in positions[:10]]
    more = f" (and {len(positions) - 10} more)" if len(positions) > 10 else ""
    return "; ".join(shown) + more


def _row_in_words(assertion: Assertion, frame: pd.DataFrame, position: int) -> str:
    """`column value` of the shown columns; an unknown value says so."""
    row = {str(name): value for name, value in frame.iloc[position].items()}
    known = {name: "unknown" if _is_null(row[name]) else str(row[name]) for name in assertion.shown if name in row}
    return ", ".join(f"{name} {value}" for name, value in known.items())


def _is_null(value: object) -> bool:
    """Whether a cell is null, of whatever type."""
    import pandas as pd

    return bool(pd.isna(value))  # type: ignore[call-overload]
