"""Options of a command as fields of a dataclass: a command with many options is a function of one argument."""

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import update_wrapper
from inspect import Parameter, Signature
from typing import Any, TypeVar, get_type_hints

Options = TypeVar("Options")


def grouped(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Make a command of a function that takes a dataclass; its annotated fields are the command's parameters."""
    annotations = get_type_hints(options, include_extras=True)
    described: Any = options
    parameters = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=annotations[field.name],
        )
        for field in fields(described)
    ]

    def decorate(function: Callable[[Options], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            function(options(**given))

        update_wrapper(command, function, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        del command.__wrapped__  # type: ignore[attr-defined]
        made: Any = command
        made.__signature__ = Signature(parameters)
        made.__annotations__ = {}
        return command

    return decorate
