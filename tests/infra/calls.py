"""The AWS calls of a part, read from its source: the calls of boto3 and obstore that its entries can reach.

Names stand for types. `deployment.images.claim` is the method of the class that `Deployment.images` is annotated to
return, in every module that holds a deployment. `_client.put_item` is a call to DynamoDB because no other service here
has a call of that name. If this module reads too many calls, the test requires a right that the part does not need, and
fails.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import botocore.session
from botocore import xform_name

from tests.infra.terraform import REPOSITORY

SERVICES: Final = ("cloudfront", "cloudwatch", "dynamodb", "ecs", "s3", "sns", "sqs")
PACKAGES: Final = ("pixelfleet", "worker", "dashboard", "producer_lambda")
#: Calls of boto3 that are not operations of the service, with the operations that they perform.
HELPERS: Final = {"upload_file": ("put_object", "abort_multipart_upload"), "generate_presigned_post": ("put_object",)}
#: obstore's functions, with the operations that they perform. A large put goes in parts; a failed put is aborted.
OBSTORE: Final = {"put": ("put_object", "abort_multipart_upload"), "get": ("get_object",)}
#: The table of each catalog class, and the classes whose queries use indexes only.
TABLES: Final = {
    "Images": "images",
    "AliasClaims": "images",
    "Batches": "batches",
    "Users": "users",
    "SignInAttempts": "users",
    "RecipeTexts": "recipes",
    "RecipeRegistry": "recipes",
    "Activity": "activity",
    "Invalidations": "activity",
    "BackgroundTasks": "activity",
}
INDEXED: Final = frozenset({"images", "batches"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Call:
    """An operation by its boto3 name. A call of the catalog also has a table."""

    service: str
    operation: str
    table: str = ""


@dataclass
class Module:
    """One source file: its functions and classes by name, and the origin of its imported names."""

    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, dict[str, Function]] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)


def calls(entries: Iterable[str], but: Iterable[str] = ()) -> set[Call]:
    """All calls reachable from these modules (or functions, as `module:name`) without the functions `but`."""
    walk = Walk(frozenset(but))
    for excluded in walk.but:
        module, _, name = excluded.partition(":")
        owner, _, method = name.rpartition(".")
        home = source()[module]
        known = method in home.classes.get(owner, {}) if owner else name in home.functions or name in home.classes
        assert known, f"{excluded} is excluded, but there is no such function"
    for entry in entries:
        name, _, function = entry.partition(":")
        for module in (name,) if function else sorted(actual for actual in source() if _within(actual, name)):
            walk.module(module, function)
    return walk.actual


@dataclass
class Walk:
    but: frozenset[str]
    actual: set[Call] = field(default_factory=set)
    _seen: set[tuple[str, str, str, str]] = field(default_factory=set)

    def module(self, name: str, function: str = "") -> None:
        module = source()[name]
        for each in [function] if function else module.functions:
            self._function(name, each, "")
        for each in [] if function else module.classes:
            self._class(name, each)

    def _class(self, module: str, name: str) -> None:
        # Signatures everywhere name Deployment and its adapters. Only the methods that are used count.
        if name == "Deployment" or (module, name) in adapters().values():
            return
        for method in source()[module].classes[name]:
            self._method(module, name, method)

    def _method(self, module: str, owner: str, name: str, table: str = "") -> None:
        """`table` is the caller's table, for classes that read the table of their holder."""
        body, table = source()[module].classes[owner].get(name), TABLES.get(owner, table)
        if body is None:
            for base in source()[module].bases[owner]:
                home, _, inherited_from = source()[module].imported.get(base, "").partition(":")
                if home in source() and inherited_from in source()[home].classes:
                    self._method(home, inherited_from, name, table)
        elif f"{module}:{owner}.{name}" not in self.but:
            self._body(module, owner, name, body, table)

    def _function(self, module: str, name: str, table: str) -> None:
        if f"{module}:{name}" not in self.but:
            self._body(module, "", name, source()[module].functions[name], table)

    def _body(self, module: str, owner: str, name: str, body: Function, table: str) -> None:
        if (module, owner, name, table) in self._seen:
            return
        self._seen.add((module, owner, name, table))
        for node in ast.walk(body):
            if isinstance(node, ast.Name):
                self._name(module, node.id, table)
            elif isinstance(node, ast.Attribute):
                self._attribute(module, owner, node, table)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # As in get_paginator("list_objects_v2").
                self._operation(node.value, table)

    def _name(self, module: str, name: str, table: str) -> None:
        home, _, reported = source()[module].imported.get(name, f"{module}:{name}").partition(":")
        if home not in source():
            return
        if reported in source()[home].functions:
            self._function(home, reported, table)
        elif reported in source()[home].classes and f"{home}:{reported}" not in self.but:
            self._class(home, reported)

    def _attribute(self, module: str, owner: str, node: ast.Attribute, table: str) -> None:
        holder = _last_name(node.value)
        for operation in OBSTORE.get(node.attr, ()) if holder == "obstore" else (node.attr,):
            self._operation(operation, table)
        if holder == "self" and owner:
            self._method(module, owner, node.attr, table)
        elif (adapter := adapters().get(holder.lstrip("_"))) is not None:
            self._method(*adapter, node.attr, table)
        elif (home := source()[module].imported.get(holder, "").replace(":", ".")) in source():
            self._name(home, node.attr, table)

    def _operation(self, name: str, table: str) -> None:
        for operation in HELPERS.get(name, (name,)):
            if (service := operations().get(operation)) is not None:
                if service == "dynamodb" and not table:
                    continue
                self.actual.add(Call(service, operation, table if service == "dynamodb" else ""))
                if operation == "transact_write_items":
                    # Both users of a transaction update a batch: the counters of a record, and a seal.
                    self.actual.add(Call(service, "update_item", "batches"))


@cache
def source() -> dict[str, Module]:
    """Every module of the project by its dotted name."""
    paths = [path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]
    return {_dotted(path): _read(path) for path in paths}


@cache
def adapters() -> dict[str, tuple[str, str]]:
    """The module and class of each adapter of Deployment by its name, and of `indexes`, which some adapters hold."""
    bootstrap = source()["pixelfleet.deployment"]
    actual = {"indexes": ("pixelfleet.catalog.indexes", "IndexReader")}
    for name, getter in bootstrap.classes["Deployment"].items():
        for node in ast.walk(getter.returns) if getter.returns else ():
            if isinstance(node, ast.Name) and (home := bootstrap.imported.get(node.id, "")).startswith("pixelfleet."):
                actual[name] = (home.partition(":")[0], node.id)
    return actual


@cache
def operations() -> dict[str, str]:
    """The service of each operation by its boto3 name. A name that several services have is left out."""
    session = botocore.session.Session()
    actual: dict[str, str] = {}
    twice = set()
    for service in SERVICES:
        for name in session.get_service_model(service).operation_names:
            twice |= {xform_name(name)} & actual.keys()
            actual[xform_name(name)] = service
    return {name: service for name, service in actual.items() if name not in twice}


def _read(path: Path) -> Module:
    module = Module()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, Function):
            module.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            module.classes[node.name] = {each.name: each for each in node.body if isinstance(each, Function)}
            module.bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            module.imported |= {alias.asname or alias.name: f"{node.module}:{alias.name}" for alias in node.names}
    return module


def _last_name(node: ast.expr) -> str:
    """`b` for `a.b` and `a.b()`, `a` for `a`, and "" for any other expression."""
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def lines(actual: Iterable[Call]) -> Iterator[str]:
    """The calls as readable lines, in order."""
    yield from sorted(f"{call.service}:{call.operation} {call.table}".rstrip() for call in actual)
