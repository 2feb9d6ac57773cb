"""The columns of the HR export."""

from __future__ import annotations

from ingestion.tabular import Column, Table

WORKERS = Table(
    "workers",
    "Every employment spell of every worker, active and terminated; a rehire is a new row.",
    key=("worker_id", "hired_on"),
    columns=(
        Column("worker_id", "Id of the worker; never reused, never an e-mail address."),
        Column("first_name", "First name."),
        Column("last_name", "Last name."),
        Column("display_name", "Name as shown to colleagues."),
        Column("work_email", "Work e-mail address."),
        Column("worker_type", "Kind of worker.", "choice", choices=("employee", "contractor")),
        Column("department", "Department."),
        Column("job_title", "Job title."),
        Column("hired_on", "First day of the spell.", "date"),
        Column("terminated_on", "Last day of the spell; empty while it lasts.", "date"),
        Column("termination_type", "Who ended it.", "choice", choices=("voluntary", "involuntary")),
        Column("terminated_at", "The instant at which it ended, where HR records one.", "moment"),
        Column("recorded_at", "The instant at which the termination was entered into the HR system.", "moment"),
        Column("status", "Status.", "choice", required=True, choices=("active", "terminated", "rescinded")),
        Column("zone", "The worker's time zone, where it differs from the folder's.", "zone"),
    ),
)
MANAGERS = Table(
    "managers",
    "Who managed whom, and when.",
    key=("worker_id", "valid_from"),
    columns=(
        Column("worker_id", "Id of the worker."),
        Column("manager_worker_id", "Id of the manager, of the same export.", required=True),
        Column("valid_from", "First day.", "date"),
        Column("valid_to", "Last day; empty while it lasts.", "date"),
    ),
)
TABLES = (WORKERS, MANAGERS)
