"""A plan or a state of Terraform, as `terraform show -json` prints it, for rules to read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource or data source. `values` holds the known values; a value that only an apply reveals is absent.

    `unknown` has the same shape, with True for each value that only an apply reveals.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    actions: tuple[str, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name in its module: `this` of `module.queue["bulk"].aws_sqs_queue.this`."""
        return self.address.rpartition(f"{self.type}.")[2].partition("[")[0]


@dataclass(frozen=True)
class Plan:
    """A document of `terraform show -json`, a plan's or a state's.

    Two keys are added by `tests.infra.rules.runs`: `sources` (the text of each .tf file by path) and `graph` (pairs of
    addresses, from `terraform graph`: the first depends on the second).
    """

    document: Mapping[str, Any]

    def resources(self, *types: str) -> Iterator[Resource]:
        """Managed resources and data sources of these types."""
        yield from (resource for resource in self._all if resource.type in types)

    def one(self, type_: str, name_end: str = "") -> Resource | None:
        """The first resource of a type whose attribute `name` has this end, or None."""
        return next((r for r in self.resources(type_) if str(r.values.get("name") or "").endswith(name_end)), None)

    @property
    def variables(self) -> dict[str, Any]:
        return {name: entry.get("value") for name, entry in self.document.get("variables", {}).items()}

    @property
    def outputs(self) -> dict[str, Any]:
        values = self.document.get("planned_values") or self.document.get("values") or {}
        return {name: entry.get("value") for name, entry in values.get("outputs", {}).items()}

    @property
    def unknown_outputs(self) -> dict[str, Any]:
        """The shape of outputs with True for each value that only an apply reveals."""
        changes = self.document.get("output_changes", {})
        return {name: change.get("after_unknown") for name, change in changes.items()}

    @property
    def partial_outputs(self) -> dict[str, Any]:
        """The known values of outputs before an apply."""
        return {name: change.get("after") for name, change in self.document.get("output_changes", {}).items()}

    @property
    def sources(self) -> dict[str, str]:
        return dict(self.document.get("sources", {}))

    def depends(self, address: str, on: str) -> bool:
        """Whether one resource waits for another, directly or through others."""
        return on in self.dependencies(address)

    def dependencies(self, address: str) -> set[str]:
        """All resources that a resource waits for, directly or through others."""
        waiting, seen = [address], {address}
        while waiting:
            for target in self._edges.get(waiting.pop(), []):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen - {address}

    @cached_property
    def _edges(self) -> dict[str, list[str]]:
        edges: dict[str, list[str]] = {}
        for first, second in self.document.get("graph", []):
            edges.setdefault(first, []).append(second)
        return edges

    @property
    def every(self) -> list[Resource]:
        return self._all

    @cached_property
    def _all(self) -> list[Resource]:
        changes = [
            Resource(
                change["address"],
                change["type"],
                change["change"].get("after") or {},
                tuple(change["change"]["actions"]),
                change["change"].get("after_unknown") or {},
            )
            for change in self.document.get("resource_changes", [])
            if change["change"].get("after") is not None
        ]
        known = {resource.address for resource in changes}
        for part in ("prior_state", "values"):
            holder = self.document.get(part) or {}
            root = holder.get("values", holder).get("root_module", {})
            changes += [resource for resource in _in_state(root) if resource.address not in known]
        return changes


def _in_state(module: Mapping[str, Any]) -> Iterator[Resource]:
    for resource in module.get("resources", []):
        yield Resource(resource["address"], resource["type"], resource.get("values") or {})
    for child in module.get("child_modules", []):
        yield from _in_state(child)


def blocks(sources: Mapping[str, str], type_: str, kind: str = "resource") -> Iterator[tuple[str, str]]:
    """The resource or data blocks of a type in formatted .tf texts: `TYPE.NAME` and the block's text."""
    opening = f'{kind} "{type_}" "'
    for text in sources.values():
        for part in text.split(opening)[1:]:
            name, _, rest = part.partition('"')
            yield f"{type_}.{name}", rest.partition("\n}\n")[0]


def decoded(text: object) -> Any:
    """A JSON text's value; None for anything else, such as a value that is not known yet."""
    return json.loads(text) if isinstance(text, str) and text.startswith(("{", "[")) else None


def listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list | tuple | set) else [value]
