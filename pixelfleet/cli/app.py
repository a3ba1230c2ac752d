"""Typer with four differences.

The help of a flag has no `<bool>`, since a flag takes no value. An error of a value has no kind. A command that is
interrupted always says so, and what to do next. The commands of `LazyGroup` are imported when they are called: most of
a short command's time is the import of libraries, and no command needs the libraries of all others.
"""

import importlib
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from pixelfleet.cli.terminable import say_stopped


def _without_type_of_flags(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params


class Command(TyperCommand):
    """One command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            # Typer validates by pydantic, which says of what kind its own error is.
            error.message = error.message.removeprefix("Value error, ")
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            if not hasattr(stop, "__notes__"):
                say_stopped(stop, "run the same command again to begin anew")
            raise

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_type_of_flags(super().get_params(ctx))


class CommandGroup(TyperGroup):
    """A command that has commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_type_of_flags(super().get_params(ctx))


class App(typer.Typer):
    """The application, or a part of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"cls": CommandGroup, "no_args_is_help": True, "rich_markup_mode": "markdown", **options})

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        return super().command(name, cls=Command, **options)


class _Commands(MutableMapping[str, Any]):
    """The commands by their names. Each is in the module of its name in `package`, imported at the first look."""

    def __init__(self, package: str, names: tuple[str, ...]) -> None:
        self._package = package
        self._commands: dict[str, Any] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Any:
        if self._commands[name] is None:
            command = getattr(importlib.import_module(f"{self._package}.{name}"), name)
            self._commands[name] = get_group(command) if isinstance(command, typer.Typer) else _single(name, command)
        return self._commands[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


def _single(name: str, function: Callable[..., Any]) -> Any:
    part = App(add_completion=False)
    part.command(name)(function)
    return get_command(part)


def lazy_group(package: str, names: tuple[str, ...]) -> type[CommandGroup]:
    """A class of group whose commands are functions, or parts of the application, in modules of their own names."""

    class LazyGroup(CommandGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.commands = _Commands(package, names)

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
            return list(self.commands)

    return LazyGroup
