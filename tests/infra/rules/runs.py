"""Terraform's runs for the rules: plans of the matrix, the graph, and the lists of values that the provider accepts."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tests.infra.emulators import REGION
from tests.infra.rules.matrix import BASE
from tests.infra.rules.plan import Plan
from tests.infra.terraform import REPOSITORY, Terraform

#: The outputs that rules read.
OUTPUTS: Final = ("lanes", "environment")
#: One wrong value for each attribute that rules/enums.py reads: the refusal lists the right values.
PROBE: Final = """
resource "aws_lambda_function" "probe" {
  function_name = "probe"
  role          = "arn:aws:iam::123456789012:role/probe"
  runtime       = "none"
  architectures = ["none"]
}

resource "aws_cloudfront_distribution" "probe" {
  enabled     = true
  price_class = "none"

  origin {
    origin_id   = "o"
    domain_name = "example.com"
  }

  default_cache_behavior {
    target_origin_id       = "o"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {}
}

resource "aws_cloudwatch_log_group" "probe" {
  name              = "probe"
  retention_in_days = 2
}
"""


class Plans:
    """Plans by cell, in one working copy against one emulator that only answers look-ups.

    All cells share one plan of a configuration that calls the module once for each cell, because the reading of the
    provider's schema is the larger part of a plan's cost. `tests/infra/test_terraform.py` checks that the root passes
    every variable to the module.
    """

    def __init__(self, terraform: Terraform, cells: Mapping[str, Mapping[str, Any]]) -> None:
        self._terraform = terraform
        self._cells = cells

    def __getitem__(self, cell: str) -> Plan:
        return self._made[cell]

    @cached_property
    def _made(self) -> dict[str, Plan]:
        folder = self._terraform.folder / "infra" / "cells"
        folder.mkdir()
        (folder / "main.tf.json").write_text(json.dumps(configuration(self._cells)))
        together = Terraform(
            self._terraform.program, self._terraform.folder, self._terraform.environment, "infra/cells"
        )
        together.init()
        document = together.planned()
        return {cell: Plan(part_of(document, cell, given) | self._beside) for cell, given in self._cells.items()}

    @cached_property
    def _beside(self) -> dict[str, Any]:
        """Data beside the plan: texts, the graph, the provider's lists, and the paths that the product invalidates."""
        return {
            "sources": sources(self._terraform.folder),
            "graph": graph(self._terraform.run("graph")),
            "accepted": self._accepted(),
            "invalidated": invalidated(),
        }

    def _accepted(self) -> dict[str, list[str]]:
        return accepted(self._terraform.refusals(PROBE))


def configuration(cells: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A root that calls the module for each cell, with one provider for each region."""
    regions = sorted({"us-east-1", *(variables.get("region", REGION) for variables in cells.values())})
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": [_provider(region) for region in regions]},
        "module": {cell: _call(BASE | dict(variables)) for cell, variables in cells.items()},
        "output": {f"{cell}-{name}": {"value": f"${{module.{cell}.{name}}}"} for cell in cells for name in OUTPUTS},
    }


def _provider(region: str) -> dict[str, Any]:
    """The provider of a region, with the tag that the root gives to everything (infra/versions.tf)."""
    tags = {"Application": "pixelfleet"}
    return {"alias": region, "region": region, "max_retries": 2, "default_tags": {"tags": tags}}


def _call(variables: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in variables.items() if name != "region"}
    producer = {"package": str(REPOSITORY / "README.md")} | dict(variables.get("producer", {}))
    providers = {"aws": f"aws.{variables.get('region', REGION)}", "aws.us_east_1": "aws.us-east-1"}
    return given | {"source": "../modules/pixelfleet", "producer": producer, "providers": providers}


def part_of(document: Mapping[str, Any], cell: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of one cell as if the cell were planned alone, by `module.pixelfleet`."""
    old, new = f"module.{cell}.", "module.pixelfleet."
    changes = [
        change | {"address": change["address"].replace(old, new, 1)}
        for change in document["resource_changes"]
        if change["address"].startswith(old)
    ]
    before = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    modules = [module for module in before.get("child_modules", []) if module["address"] == f"module.{cell}"]
    checks = [
        {"name": check["address"]["name"], "status": check["status"]}
        for check in document.get("checks", [])
        if check["address"]["kind"] == "check" and check["address"].get("module") == f"module.{cell}"
    ]
    outputs = {name: document["planned_values"]["outputs"][f"{cell}-{name}"] for name in OUTPUTS}
    given = {"region": REGION} | BASE | dict(variables)
    return {
        "resource_changes": changes,
        "checks": checks,
        "prior_state": {"values": {"root_module": {"child_modules": modules}}},
        "planned_values": {"outputs": outputs},
        "output_changes": {name: document["output_changes"][f"{cell}-{name}"] for name in OUTPUTS},
        "variables": {name: {"value": value} for name, value in given.items()},
    }


def sources(folder: Path) -> dict[str, str]:
    """The texts of the configuration by path, without the copies that Terraform keeps."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for part in ("infra", "ecs")
        for path in sorted((folder / part).rglob("*.tf"))
        if ".terraform" not in path.relative_to(folder).parts
    }


def graph(dot: str) -> list[list[str]]:
    """The edges that `terraform graph` prints."""
    return [list(edge) for edge in re.findall(r'"([^"]+)" -> "([^"]+)"', dot)]


def accepted(report: str) -> dict[str, list[str]]:
    """The values that the provider lists when it refuses another: by `type.attribute`."""
    actual: dict[str, list[str]] = {}
    for entry in json.loads(report)["diagnostics"]:
        text = f"{entry['summary']} {entry.get('detail', '')}"
        match = re.search(r"expected (\w+)\S* to be one of \[([^\]]*)\]", text)
        if match:
            values = re.findall(r'"([^"]*)"', match[2]) or match[2].split()
            actual[f"{entry['address'].partition('.')[0]}.{match[1]}"] = [value for value in values if value]
    return actual


def invalidated() -> list[str]:
    """The paths of the image OWNER/ID that the product invalidates in CloudFront."""
    from pixelfleet.aws.cdn import paths_of  # noqa: PLC0415 - rules over frozen plans do not need it

    return list(paths_of("OWNER", "ID"))
