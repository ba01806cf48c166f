"""API keys: their form, and how many an account may have."""

from api.credentials import CredentialForm, NewCredential

_KEY = CredentialForm("stib_live_", characters=43)
PREFIX_CHARS = _KEY.prefix_chars
MAX_ACCOUNT_NAME_CHARS = 200
MAX_KEYS = 100
"""Keys of one account that are not revoked."""
MAX_KEY_NAME_CHARS = 100


def new_key() -> NewCredential:
    """A fresh key with 256 bits of randomness."""
    return _KEY.new()


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has the form of a key."""
    return _KEY.fits(text)
