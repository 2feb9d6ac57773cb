"""How many broken rules would the dbt unit tests notice? `make mutants` prints the share.

A mutant is the dbt project with one change: the predicate of one rule negated, one comparison in it shifted across its boundary
(`<` and `<=`, `>` and `>=` exchanged), or one threshold moved by one. It is killed when a unit test of its model fails: a unit test
gives a model's inputs, so no other could notice.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

PROJECT = Path(__file__).parents[1]
COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@dataclass(frozen=True)
class Mutant:
    """One change to one file."""

    name: str
    file: Path
    text: str


def expression_before(sql: str, end: int) -> int:
    """Where the select item that ends at `end` begins: after the comma or `select` at its own nesting depth."""
    depth = 0
    for position in range(end - 1, -1, -1):
        character = sql[position]
        if character in ")}]":
            depth += 1
        elif character in "({[":
            depth -= 1
            if depth < 0:
                return position + 1
        elif depth == 0 and (character == "," or re.match(r"select\b", sql[position:])):
            return position + (1 if character == "," else len("select"))
    raise ValueError("no select item ends here")


def of_rule(file: Path, rule: str) -> Iterator[Mutant]:
    """The predicate negated; each comparison in it shifted."""
    sql = file.read_text(encoding="utf-8")
    for match in re.finditer(rf"\s+as {rule}\b(?!__)", sql):
        start = expression_before(sql, match.start())
        predicate = sql[start : match.start()]
        if re.fullmatch(r"\s*[\w.]+\s*", predicate):
            continue  # passed on from elsewhere, not computed here
        yield Mutant(f"{file.stem}.{rule}: negated", file, f"{sql[:start]} (not ({predicate})){sql[match.start() :]}")
        for n, comparison in enumerate(re.finditer(r"(?<![<>=!-])(<=|>=|<|>)(?![<>=])", predicate)):
            at = start + comparison.start()
            changed = sql[:at] + COMPARISONS[comparison[0]] + sql[at + len(comparison[0]) :]
            yield Mutant(f"{file.stem}.{rule}: {comparison[0]} no. {n + 1}", file, changed)


def of_thresholds(file: Path) -> Iterator[Mutant]:
    """Each use of a threshold moved by one."""
    sql = file.read_text(encoding="utf-8")
    for match in re.finditer(r"\{\{ threshold\(([^)]*)\) \}\}", sql):
        changed = f"{sql[: match.start()]}({match[0]} + 1){sql[match.end() :]}"
        yield Mutant(f"{file.stem}: {match[1]} + 1", file, changed)


def mutants(project: Path) -> list[Mutant]:
    """Every mutant of every control."""
    import csv

    with (project / "dbt_project/seeds/catalogue/exception_rules.csv").open(encoding="utf-8", newline="") as rows:
        rules = [row["rule_column"] for row in csv.DictReader(rows)]
    found: list[Mutant] = []
    for layer in ("marts", "intermediate"):
        for file in sorted((project / "dbt_project/models" / layer).rglob("*.sql")):
            if layer == "marts":
                found += [mutant for rule in dict.fromkeys(rules) for mutant in of_rule(file, rule)]
            found += of_thresholds(file)
    return found


class UnitTests:
    """dbt in this process over a copy of the project and an empty warehouse."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        shutil.copytree(PROJECT / "dbt_project", self.project / "dbt_project")
        shutil.copy(PROJECT / "dbt_project.yml", self.project)
        os.environ.update(
            DBT_PROJECT_DIR=str(self.project),
            DBT_PROFILES_DIR=str(self.project / "dbt_project"),
            DBT_TARGET_PATH=str(folder / "target"),
            DBT_LOG_PATH=str(folder / "target"),
            ITGC_WAREHOUSE=str(folder / "warehouse.duckdb"),
        )
        from tests.dbt.empty_raw import create_empty_raw

        create_empty_raw(folder / "warehouse.duckdb")
        if not self.run("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"):
            sys.exit("the project does not build on an empty vault")

    def run(self, *arguments: str) -> bool:
        from dbt.cli.main import dbtRunner

        with redirect_stdout(StringIO()):  # a killed mutant's differences would bury the survivors
            return bool(dbtRunner().invoke(["--quiet", "--no-use-colors", *arguments]).success)

    def passes(self, model: str) -> bool:
        """Whether the unit tests of a model pass."""
        return self.run("test", "--fail-fast", "--select", f"{model},test_type:unit")


def main() -> None:
    """Print every survivor and the share of mutants killed; exit 1 below 95 %."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="regular expression on the mutant's name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tests = UnitTests(Path(folder))
        listed = [mutant for mutant in mutants(tests.project) if re.search(options.only, mutant.name)]
        for model in sorted({mutant.file.stem for mutant in listed}):
            if not tests.passes(model):
                sys.exit(f"the unit tests of {model} fail without any mutant")
        survivors = []
        for mutant in listed:
            original = mutant.file.read_text(encoding="utf-8")
            mutant.file.write_text(mutant.text, encoding="utf-8")
            if tests.passes(mutant.file.stem):
                survivors.append(mutant.name)
                print(f"survived: {mutant.name}", flush=True)
            mutant.file.write_text(original, encoding="utf-8")
    share = 1 - len(survivors) / len(listed)
    print(f"{len(listed) - len(survivors)} of {len(listed)} mutants killed: {share:.1%}")
    sys.exit(share < 0.95)


if __name__ == "__main__":
    main()
