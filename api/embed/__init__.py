"""The iframe: what partners put into their pages."""

from pathlib import Path

_HERE = Path(__file__).parent
DOCUMENTS = _HERE / "documents"
"""The GraphQL documents of the iframe, one a file."""
MANIFEST = _HERE / "documents.json"
"""The same by digest, generated."""
