"""Reading the first sheet of an Excel workbook (.xlsx) as the text that the same table would have as CSV."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from ingestion.contract import SourceError

_LARGEST = 1 << 28  # bytes of the unpacked workbook; a register of a million rows is smaller
_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number

Cell = str | float | int | bool | date | time | datetime | timedelta


def records(content: bytes, file: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Rows of a workbook, as `ingestion.tabular` reads those of a CSV file.

    Args:
        content: The bytes of the workbook.
        file: Its name, for errors.

    Yields:
        (row number, cells as text, why the row is broken or None). Cells beyond the header are left out when empty.

    Raises:
        SourceError: Not a workbook, protected by a password, larger than any register, or with data on a second sheet.
    """
    width = 0
    for number, row in enumerate(_sheet(content, file), start=1):
        cells, faults = [], []
        for position, value in enumerate(row, start=1):
            text, fault = _text(value)
            cells.append(text)
            if fault:
                faults.append(f"cell {position} {fault}")
        while len(cells) > width and cells[-1] == "":
            cells.pop()
        width = width or len(cells)
        yield number, cells, "; ".join(faults) or None


def _sheet(content: bytes, file: str) -> list[list[Cell]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise SourceError(f"{file} is larger than any register.", "Check what was saved there.")
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [
            workbook.get_sheet_by_index(n).to_python(skip_empty_area=False) for n in range(len(workbook.sheet_names))
        ]
    except PasswordError:
        raise SourceError(f"{file} is protected by a password.", "Save it without one.") from None
    except (CalamineError, zipfile.BadZipFile) as error:
        raise SourceError(
            f"{file} is not an Excel workbook ({type(error).__name__}).", "Save it as .xlsx, or as CSV UTF-8."
        ) from None
    if not sheets:
        return []
    if any(cell != "" for sheet in sheets[1:] for row in sheet for cell in row):
        raise SourceError(f"{file} has data on more than one sheet.", "Keep the register on the first sheet alone.")
    return sheets[0]


def _text(value: Cell) -> tuple[str, str | None]:
    """A cell as CSV would hold it, and what is wrong with it."""
    if isinstance(value, bool):
        return str(value).lower(), None
    if isinstance(value, float | int):
        if abs(value) >= _EXACT:
            return str(value), "is a number of more than 15 digits, which a spreadsheet rounds: format the cell as text"
        return str(int(value)) if value == int(value) else repr(value), None
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(timespec="seconds"), None
    if isinstance(value, date):
        return value.isoformat(), None
    if isinstance(value, time | timedelta):
        return str(value), "is a time without a date"
    return value, None
