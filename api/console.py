"""What every command of ``stibnite`` shares: notes for people, and failures as sentences."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from api.embedded.errors import StackError
from api.errors import DomainError
from api.settings import SettingsError

notes = Console(stderr=True)
"""Everything for people; results go to standard output, so that they can be piped."""


def run_command[T](work: Coroutine[Any, Any, T]) -> T:
    """Runs a command; a failure that people can act on is a sentence, not a trace."""
    try:
        return asyncio.run(work)
    except DomainError as error:
        raise failure(error.sentence(lambda name: name)) from None
    except (SettingsError, StackError) as error:
        raise failure(str(error)) from None


def failure(sentence: str) -> typer.Exit:
    """Says what went wrong and what to do; to be raised."""
    notes.print(f"[red]{escape(sentence)}[/red]", highlight=False)
    return typer.Exit(1)
