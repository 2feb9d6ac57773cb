"""The speed of the pipeline, measured: `python -m bench`. Every figure is a ratio of sides measured in one run."""
