"""dlt: from the sources to the vault. Nothing here knows of Dagster or dbt."""
