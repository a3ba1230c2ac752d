# What each kind of task may do, action by action, as its code calls. A test runs worker and producer under these.

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
    resources = [for group in concat([module.dashboard.log_group_arn], values(module.lane)[*].log_group_arn) : "${group}:*"]
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "worker" {
  for_each = var.lanes

  statement {
    sid = "TakeJobs"
    actions = [
      "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
    ]
    resources = [var.queues[each.key].arn]
  }

  # Jobs change lane, and come back to their own with a new sender's mark; used-up ones go to the DLQ.
  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage"]
    resources = concat(local.lane_arns, [var.queues[each.key].dead_letters.arn])
  }

  # Without ListBucket a missing object answers 403, which reads as a fault of ours.
  statement {
    sid       = "ListOriginals"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.uploads.arn]
  }

  statement {
    sid = "Originals"
    actions = [
      "s3:GetObject", "s3:GetObjectVersion",
      "s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging",
    ]
    resources = ["${var.buckets.uploads.arn}/*"]
  }

  statement {
    sid       = "ListResults"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.results.arn]
  }

  statement {
    sid       = "Results"
    actions   = ["s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${var.buckets.results.arn}/*"]
  }

  statement {
    sid       = "Images"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
    resources = [var.tables.images.arn]
  }

  statement {
    sid       = "Batches"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [var.tables.batches.arn]
  }

  statement {
    sid       = "Recipes"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
    resources = [var.tables.recipes.arn]
  }

  statement {
    sid       = "Heartbeats"
    actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    resources = [var.tables.activity.arn]
  }

  statement {
    sid       = "Notices"
    actions   = ["sns:Publish"]
    resources = [var.topics.notices]
  }

  # What is removed must leave the edges too, which otherwise keep it for a year.
  statement {
    sid       = "Forget"
    actions   = ["cloudfront:CreateInvalidation"]
    resources = [var.distribution_arn]
  }

  # Only `heavy` holds on to its task while it works. A task's id is not known before it runs: the cluster bounds it.
  dynamic "statement" {
    for_each = each.key == "heavy" ? [local.task_arns] : []

    content {
      sid       = "ProtectItself"
      actions   = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "dashboard" {
  statement {
    sid       = "Depths"
    actions   = ["sqs:GetQueueAttributes"]
    resources = concat(local.lane_arns, local.dlq_arns, [var.queues.uploads.arn, var.queues.uploads.dead_letters.arn])
  }

  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage"]
    resources = concat(local.lane_arns, [var.queues.uploads.arn])
  }

  statement {
    sid       = "DeadLetters"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
    resources = concat(local.dlq_arns, [var.queues.uploads.dead_letters.arn])
  }

  # It signs the forms that browsers upload by, and deletes what its owner deletes.
  statement {
    sid       = "Originals"
    actions   = ["s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject"]
    resources = ["${var.buckets.uploads.arn}/*"]
  }

  statement {
    sid       = "Results"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.results.arn}/*"]
  }

  statement {
    sid       = "ListBuckets"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.uploads.arn, var.buckets.results.arn]
  }

  statement {
    sid = "Catalog"
    actions = [
      "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]
    resources = flatten([for table in var.tables : [table.arn, "${table.arn}/index/*"]])
  }

  # People subscribe themselves to notices of their own images; who seals a batch whose images are all done announces it.
  statement {
    sid       = "Notices"
    actions   = ["sns:Subscribe", "sns:Publish"]
    resources = [var.topics.notices]
  }

  statement {
    sid       = "Services"
    actions   = ["ecs:DescribeServices"]
    resources = [for lane in module.lane : lane.service_arn]
  }

  # GetMetricData has no resource (service authorization reference, Amazon CloudWatch).
  statement {
    sid       = "Charts"
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}
