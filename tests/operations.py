"""Every operation of every service of ministack, as an HTTP request without a signature."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from botocore.loaders import Loader
from ministack.app import SERVICE_REGISTRY

#: ministack's service names that differ in botocore, or that are no separate service in botocore.
_OTHER_NAMES = {
    "cognito-identity": "cognito-identity",
    "monitoring": "cloudwatch",
    "logs": "logs",
    "elasticloadbalancing": "elbv2",
    "elasticfilesystem": "efs",
    "elasticmapreduce": "emr",
    "airflow": "mwaa",
    "documentdb": "docdb",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
    "ses": "ses",
    "wafv2": "wafv2",
}


@dataclass(frozen=True)
class Operation:
    service: str
    name: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


def services() -> list[str]:
    """ministack's services that have a model in botocore."""
    known = set(Loader().list_available_services("service-2"))
    names = {_OTHER_NAMES.get(name, name) for name in SERVICE_REGISTRY}
    return sorted(names & known)


def operations(service: str) -> Iterator[Operation]:
    model = Loader().load_service_model(service, "service-2")
    for name, operation in sorted(model["operations"].items()):
        yield _operation(service, name, operation, model["metadata"])


def _operation(service: str, name: str, operation: dict[str, Any], metadata: dict[str, Any]) -> Operation:
    http = operation["http"]
    target = re.sub(r"\{[^}]*\}", "x", http["requestUri"])
    protocol = metadata["protocol"]
    if protocol == "json":
        version = metadata.get("jsonVersion", "1.0")
        headers = (
            ("x-amz-target", f"{metadata['targetPrefix']}.{name}"),
            ("content-type", f"application/x-amz-json-{version}"),
        )
        return Operation(service, name, "POST", "/", headers, b"{}")
    if protocol in {"query", "ec2"}:
        body = urlencode({"Action": name, "Version": metadata["apiVersion"]}).encode()
        return Operation(service, name, "POST", "/", (("content-type", "application/x-www-form-urlencoded"),), body)
    return Operation(service, name, http["method"], target, (), b"{}" if http["method"] in {"POST", "PUT"} else b"")
