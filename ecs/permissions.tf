# What is common to the roles of all tasks. What each kind of task may do, action by action, as its code calls, stands
# in may_worker.tf, may_dashboard.tf and may_reconcile.tf; tests run every part under its own, and hold both together.

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  task_arns = join(":", [
    "arn", data.aws_partition.current.partition, "ecs", data.aws_region.current.name,
    data.aws_caller_identity.current.account_id, "task/${var.prefix}/*",
  ])
  lane_arns = [for name in keys(var.lanes) : var.queues[name].arn]
  dlq_arns  = [for name in keys(var.lanes) : var.queues[name].dead_letters.arn]
  # Whoever tells how it goes asks all of them.
  depth_arns = flatten([for queue in var.queues : [queue.arn, queue.dead_letters.arn]])
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

# The agent's role, not the code's: pull the image, open the log stream.
resource "aws_iam_role" "execution" {
  name               = "${var.prefix}-execution"
  assume_role_policy = data.aws_iam_policy_document.assume.json
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
    resources = [for group in concat([module.dashboard.log_group_arn, module.reconcile.log_group_arn], values(module.lane)[*].log_group_arn) : "${group}:*"]
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}
