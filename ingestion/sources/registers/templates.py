"""The empty templates and the description of the registers, made from the schema; a test compares them to the files."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.sources.registers.schema import REGISTERS
from ingestion.tabular import KINDS, Column, Table

_INTRODUCTION = """\
# Registers

What people decide and no system records: owners, thresholds, mappings, dispositions. Edit the CSV files here (UTF-8,
comma separated, first line unchanged), or keep any of them as an Excel workbook of the same name (`systems.xlsx`: the
first sheet, the same first line; remove the CSV file); `itgc collect` reads them like any other source, so that their
history, their hash and the time of collection are part of the evidence and a back-dated line shows.

- Rows are validated. A row that does not fit is set aside with its line number and the reason (`itgc doctor` says
  which), the others load; two different rows of one key are both set aside. A wrong header refuses the file.
- Never delete a line that held once: close it (`valid_to`), or add the next version.
- A **person** is written `<hris instance>:<worker id>`, e.g. `bamboohr-us:1042`, or `registers:contractor/<id>`.
- A register without rows is the header alone: it says that there is nothing to register. A file that is missing says
  nothing, and its controls are not covered; only `shared_secrets`, `delegations`, `path_rules`, `change_policies`,
  `thresholds`, `dispositions`, `reconciliation_explanations` and `no_access_hires` may be missing, as long as they were
  never collected.
- Never write a secret into a register.

Made from `ingestion/sources/registers/schema.py`; change it there.
"""


def template(table: Table) -> str:
    """The header of a register, as the template holds it."""
    return ",".join(table.header) + "\n"


def readme() -> str:
    """The description of all registers and their columns, in Markdown."""
    return _INTRODUCTION + "".join("\n" + "\n".join(_section(table)) + "\n" for table in REGISTERS)


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.file}"
    yield ""
    yield f"{table.description} Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | form | required | meaning |"
    yield "|---|---|---|---|"
    for column in table.columns:
        required = "yes" if table.required(column) else ""
        yield f"| `{column.name}` | {_form(column)} | {required} | {column.description} |"


def _form(column: Column) -> str:
    return " · ".join(f"`{choice}`" for choice in column.choices) if column.choices else KINDS[column.kind]


def files() -> dict[str, str]:
    """File name → content of everything in the folder of templates."""
    return {table.file: template(table) for table in REGISTERS} | {"README.md": readme()}
