"""Compares code and policies: each role allows the calls in its part's source, and no other calls."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.calls import INDEXED, Call, calls
from tests.infra.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

#: The entries of each part's code, and the functions that the part never calls.
ENTRIES: dict[str, tuple[list[str], list[str]]] = {
    "producer": (["producer_lambda.handler"], []),
    "bulk": (
        ["worker"],
        # Only a heavy worker reads its deployment (worker/lanes.py).
        ["worker.retirement:OwnDeployment.is_primary", "worker.retirement:OwnDeployment._read_identity"],
    ),
    "heavy": (["worker"], []),
    # The stack has no adopted bucket, and so no rights to read the setup of one.
    "dashboard": (["dashboard"], ["pixelfleet.operations.adoption.check:check_adoption"]),
    "reconcile": (
        ["pixelfleet.cli.reconcile", "pixelfleet.cli.digest"],
        [
            # --recipe, --outdated and --inventory are not part of the scheduled command.
            "pixelfleet.cli.named_recipe:loaded_recipe",
            "pixelfleet.operations.recipe_texts:store_recipe",
            "pixelfleet.operations.recipe_choice:RecipeChoice",
            "pixelfleet.operations.reconcile.compare:Reconcile._mark",
            "pixelfleet.operations.reconcile.listing:InventoryListing",
            # A batch that a reconcile seals exists.
            "pixelfleet.catalog.batches:Batches.create",
        ],
    ),
}

#: Operations that need other rights than that of their name (service authorization reference, SQS developer guide).
RIGHTS = {
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:UploadPartCopy": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
#: A transaction needs the rights of the actions in it: a record puts an image, a seal updates a batch, a change of
#: recipes puts recipes; calls.py adds the counters.
IN_TRANSACTIONS = {"images": "dynamodb:PutItem", "batches": "dynamodb:UpdateItem", "recipes": "dynamodb:PutItem"}

#: Rights whose names match no operation in the source.
BESIDE: dict[str, set[str]] = {
    # Lambda itself receives and deletes for the function, and writes its log.
    "producer": {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility",
        "logs:CreateLogStream", "logs:PutLogEvents",
    },
    # A read of a version by its id, and an argument `Tagging`, need their own rights.
    "bulk": {
        "s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging",
    },
    # The ECS agent makes the call for the task (worker/protection.py).
    "heavy": {
        "s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging",
        "ecs:GetTaskProtection", "ecs:UpdateTaskProtection",
    },
    # A missing object gives 404 only to a role that may list. A put with tags needs the right to tag.
    "dashboard": {"s3:GetObjectVersion", "s3:ListBucket", "s3:PutObjectTagging"},
    "reconcile": set(),
}  # fmt: skip


@pytest.mark.parametrize("part", ENTRIES)
def test_a_role_allows_the_calls_of_its_code_and_no_others(stack: Stack, part: str) -> None:
    entries, but = ENTRIES[part]
    tables = {name: table.rpartition("/")[2] for name, table in stack.outputs["table_names"].items()}

    needed = {right_of(call) for call in calls(entries, but)}
    granted = rights(stack.policy(part), tables)

    assert needed - granted == set(), "the code calls what the role may not"
    beside = {(right, "") for right in BESIDE[part]}
    assert granted - needed - beside == set(), "the role may what no code calls"


def right_of(call: Call) -> tuple[str, str]:
    """The action that a policy must allow. For tables, also the table."""
    name = f"{call.service}:{''.join(word.title() for word in call.operation.split('_'))}"
    if name == "dynamodb:TransactWriteItems":
        return IN_TRANSACTIONS[call.table], call.table
    on = f"{call.table}/index/*" if call.operation == "query" and call.table in INDEXED else call.table
    return RIGHTS.get(name, name), on


def rights(policy: dict[str, Any], tables: dict[str, str]) -> set[tuple[str, str]]:
    """Every action that a policy allows. An action on a table has the table, or the indexes of the table."""
    actual = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in _listed(statement["Action"]):
            if not action.startswith("dynamodb:"):
                actual.add((action, ""))
                continue
            for resource in _listed(statement["Resource"]):
                path = resource.partition(":table/")[2]
                actual |= {(action, on) for name, table in tables.items() for on in _on(path, table, name)}
    return actual


def _on(path: str, table: str, name: str) -> list[str]:
    """The table that a resource covers, or the indexes of the table if it covers all of them or one of them."""
    if fnmatchcase(path, f"{table}/index/*"):
        return [f"{name}/index/*"]
    return [name] if fnmatchcase(path, table) else []


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
