# The rights that all tasks share. The rights of each kind of task, action by action as its code calls, are
# in iam_worker.tf, iam_dashboard.tf and iam_reconcile.tf. Tests run every part under its own role, and compare the rights
# with the calls in the source.

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  task_arns = join(":", [
    "arn", data.aws_partition.current.partition, "ecs", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, "task/${local.cluster_name}/*",
  ])
  service_arns = join(":", [
    "arn", data.aws_partition.current.partition, "ecs", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, "service/${local.cluster_name}/${var.prefix}-*",
  ])
  rule_arns = join(":", [
    "arn", data.aws_partition.current.partition, "events", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, "rule/*",
  ])
  # Derived from names, because the services wait for the policy that contains these ARNs.
  log_stream_arns = [
    for part in concat(keys(var.lanes), ["dashboard", "reconcile"]) : join(":", [
      "arn", data.aws_partition.current.partition, "logs", data.aws_region.current.id,
      data.aws_caller_identity.current.account_id, "log-group", "/ecs/${var.prefix}-${part}", "*",
    ])
  ]
  lane_arns = [for name in keys(var.lanes) : var.queues[name].arn]
  dlq_arns  = [for name in keys(var.lanes) : var.queues[name].dead_letters.arn]
  # Every queue and every DLQ, for parts that show the lengths of the queues.
  depth_arns = flatten([for queue in var.queues : [queue.arn, queue.dead_letters.arn]])

  # The streams of the activity table (pixelfleet/catalog/activity.py) that a part reads or writes item by item, by a name
  # for the statement. A role without a stream in its list has no access to the stream.
  activity_rights = {
    worker = {
      Heartbeats           = { actions = ["dynamodb:PutItem", "dynamodb:DeleteItem"], streams = ["workers"] }
      Throughput           = { actions = ["dynamodb:UpdateItem"], streams = ["finished#*"] }
      PendingInvalidations = { actions = ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"], streams = ["invalidations#*"] }
    }
    # The dashboard shows every stream: its Query is in a statement without a condition. Only the command line writes
    # rollouts; the dashboard asks them to stop.
    dashboard = {
      Activity     = { actions = ["dynamodb:GetItem", "dynamodb:PutItem"], streams = ["operator", "background_tasks"] }
      Rollouts     = { actions = ["dynamodb:GetItem"], streams = ["rollouts"] }
      StopRequests = { actions = ["dynamodb:PutItem"], streams = ["stop_requests"] }
    }
    # A reconcile and a digest are noted; the digest reads the counts of the workers; a reconcile sends the invalidations
    # that no worker has sent, and seals the batch of a move that does not run any more: it reads the latest tasks.
    reconcile = {
      Activity             = { actions = ["dynamodb:PutItem"], streams = ["operator", "digests"] }
      Moves                = { actions = ["dynamodb:Query"], streams = ["background_tasks", "rollouts"] }
      Throughput           = { actions = ["dynamodb:Query"], streams = ["finished#*"] }
      PendingInvalidations = { actions = ["dynamodb:Query", "dynamodb:DeleteItem"], streams = ["invalidations#*"] }
    }
  }
}

# The rights of each part in the activity table, part of its policy.
data "aws_iam_policy_document" "activity" {
  for_each = local.activity_rights

  dynamic "statement" {
    for_each = each.value

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = [var.tables.activity.arn]

      condition {
        test     = "ForAllValues:StringLike"
        variable = "dynamodb:LeadingKeys"
        values   = statement.value.streams
      }
    }
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    # The confused deputy: only tasks of this account.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

# The ECS agent's role: it pulls the image, reads the secret and opens the log stream. The code runs under other roles.
resource "aws_iam_role" "execution" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.prefix}-execution"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "execution" {
  # GetAuthorizationToken has no resource (service authorization reference, Amazon ECR).
  statement {
    sid       = "RegistryLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "Pull"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository_arn]
  }

  statement {
    sid       = "DashboardSecret"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.dashboard.secret_arn]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = local.log_stream_arns
  }

  # The secret may be encrypted with the key. ECR decrypts images by its own grant.
  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

locals {
  # The role's ARN, which is known after the role has its policy. A service that starts a task earlier cannot pull the
  # image, and the circuit breaker counts the failed tasks.
  execution_role_arn = join(":", [
    "arn", data.aws_partition.current.partition, "iam", "",
    data.aws_caller_identity.current.account_id, "role${var.roles.path}${aws_iam_role_policy.execution.role}",
  ])
}

# ECS Exec: the agent in the task opens a channel to Systems Manager. These actions have no resource.
data "aws_iam_policy_document" "exec" {
  count = var.ecs_exec ? 1 : 0

  statement {
    sid = "Shell"
    actions = [
      "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "exec" {
  for_each = var.ecs_exec ? merge({ for name, lane in module.lane : name => lane.role_name }, { dashboard = module.dashboard.role_name }) : {}

  name   = "exec"
  role   = each.value
  policy = data.aws_iam_policy_document.exec[0].json
}
