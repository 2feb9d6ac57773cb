"""Write business_holidays.csv from the `holidays` library: run it when a year or a calendar is added.

`python dbt_project/seeds/calendar/make_business_holidays.py`. tests/dbt/test_foundation.py fails when the file and this
script disagree.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

FIRST_YEAR, LAST_YEAR = 2015, 2040
CALENDARS = {"GB-England": ("GB", "ENG"), "US-Federal": ("US", None)}


def business_holidays() -> str:
    """The CSV text: calendar, day_on (the day that is free, observed days included), name."""
    import holidays

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["calendar", "day_on", "name"])
    for calendar, (country, subdivision) in CALENDARS.items():
        days = holidays.country_holidays(
            country, subdiv=subdivision, years=range(FIRST_YEAR, LAST_YEAR + 2), language="en_US"
        )
        writer.writerows(
            [calendar, day.isoformat(), name]
            for day, name in sorted(days.items())
            if FIRST_YEAR <= day.year <= LAST_YEAR
        )
    return text.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name("business_holidays.csv").write_text(business_holidays(), encoding="utf-8")
