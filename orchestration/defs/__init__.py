"""Dagster definitions, one module per stage."""

ENGINEERS = ["team:analytics_engineering"]
"""Who answers for what is collected and how it is modelled."""

COMPLIANCE = ["team:compliance"]
"""Who answers for what is handed out: populations, findings, checks, the package."""
