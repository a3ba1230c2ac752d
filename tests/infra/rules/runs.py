"""Terraform's runs for the rules: plans of the matrix, the graph, and the lists of values that the provider accepts."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tests.infra.emulators import REGION, ROOT, serving
from tests.infra.rules.matrix import BASE, CELLS
from tests.infra.rules.plan import Plan
from tests.infra.terraform import REPOSITORY, Terraform

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
    """Plans by cell, each made once, in one working copy against one emulator that only answers look-ups."""

    def __init__(self, terraform: Terraform) -> None:
        self._terraform = terraform
        self._made: dict[str, Plan] = {}

    def __getitem__(self, cell: str) -> Plan:
        if cell not in self._made:
            document = self._planned(BASE | CELLS[cell])
            self._made[cell] = Plan(document | self._beside)
        return self._made[cell]

    @cached_property
    def _beside(self) -> dict[str, Any]:
        """What a plan does not say: texts, the graph, the provider's lists, and what the product invalidates."""
        return {
            "sources": sources(self._terraform.folder),
            "graph": graph(self._terraform.run("graph")),
            "accepted": self._accepted(),
            "invalidated": invalidated(),
        }

    def _planned(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        producer = {"package": str(REPOSITORY / "README.md")} | dict(variables.get("producer", {}))
        given = dict(variables) | {"max_retries": 2, "producer": producer}
        path = self._terraform.folder / "infra" / "cell.tfvars.json"
        path.write_text(json.dumps(given))
        return self._terraform.planned(f"-var-file={path.name}")

    def _accepted(self) -> dict[str, list[str]]:
        return accepted(self._terraform.refusals(PROBE))


def sources(folder: Path) -> dict[str, str]:
    """The texts of the configuration by path, without the copies that Terraform keeps."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for part in ("infra", "ecs")
        for path in sorted((folder / part).rglob("*.tf"))
        if not {".terraform", "probe"} & set(path.relative_to(folder).parts)
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
    """The paths that the product asks CloudFront to forget of the image OWNER/ID."""
    from pixelfleet.aws.cdn import paths_of  # noqa: PLC0415 - rules over frozen plans do not need it

    return list(paths_of("OWNER", "ID"))


@contextlib.contextmanager
def plans(program: Path, folder: Path) -> Iterator[Plans]:
    """Plans of a fresh copy of the configuration; the emulator ends with the context."""
    with serving(folder) as address:
        variables = ROOT | {"AWS_ENDPOINT_URL": address, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
        terraform = Terraform(program, folder, variables)
        terraform.prepare()
        yield Plans(terraform)
