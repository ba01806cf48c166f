"""The house: everything that is true whatever door a request came in by."""

__version__ = "0.1.0"
