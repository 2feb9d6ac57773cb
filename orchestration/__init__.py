"""Dagster, the command line, and the evidence package."""
