"""How starting the embedded stack can fail."""


class StackError(Exception):
    """The stack cannot be started; the message is a sentence for whoever starts it."""
