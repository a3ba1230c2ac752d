data "aws_iam_policy_document" "dashboard" {
  source_policy_documents = [data.aws_iam_policy_document.activity["dashboard"].json]

  statement {
    sid       = "Depths"
    actions   = ["sqs:GetQueueAttributes"]
    resources = local.depth_arns
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

  # The dashboard signs the forms and parts of browser uploads, completes uploads in parts, and deletes originals for their
  # owners.
  statement {
    sid = "Originals"
    actions = [
      "s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject", "s3:AbortMultipartUpload",
      "s3:ListMultipartUploadParts",
    ]
    resources = ["${var.buckets.uploads.arn}/*"]
  }

  # The dashboard makes lazy variants of originals in these buckets, too. Buckets from before the deployment are only read.
  dynamic "statement" {
    for_each = length(var.source_bucket_arns) > 0 ? [var.source_bucket_arns] : []

    content {
      sid       = "Sources"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = [for arn in statement.value : "${arn}/*"]
    }
  }

  # The dashboard stores lazy variants, and deletes those of a revision that was replaced meanwhile.
  statement {
    sid = "Results"
    actions = [
      "s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:AbortMultipartUpload",
    ]
    resources = ["${var.buckets.results.arn}/*"]
  }

  statement {
    sid       = "ListBuckets"
    actions   = ["s3:ListBucket"]
    resources = concat([var.buckets.uploads.arn, var.buckets.results.arn], var.source_bucket_arns)
  }

  # The page of adopted buckets says what such a bucket lacks.
  dynamic "statement" {
    for_each = length(var.source_bucket_arns) > 0 ? [var.source_bucket_arns] : []

    content {
      sid       = "SourceSetups"
      actions   = ["s3:GetBucketNotification", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration"]
      resources = statement.value
    }
  }

  # ListRuleNamesByTarget has no resource (service authorization reference, Amazon EventBridge).
  dynamic "statement" {
    for_each = length(var.source_bucket_arns) > 0 ? ["*"] : []

    content {
      sid       = "SourceRules"
      actions   = ["events:ListRuleNamesByTarget"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = length(var.source_bucket_arns) > 0 ? [local.rule_arns] : []

    content {
      sid       = "DescribeRules"
      actions   = ["events:DescribeRule"]
      resources = [statement.value]
    }
  }

  # Scan: an operator counts the outdated images of adopted buckets, which no index lists.
  statement {
    sid       = "Images"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Scan"]
    resources = [var.tables.images.arn]
  }

  statement {
    sid       = "Batches"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [var.tables.batches.arn]
  }

  statement {
    sid       = "Lists"
    actions   = ["dynamodb:Query"]
    resources = ["${var.tables.images.arn}/index/*", "${var.tables.batches.arn}/index/*"]
  }

  # The table also holds ended sessions and counts of sign-ins.
  statement {
    sid = "Users"
    actions = [
      "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
    ]
    resources = [var.tables.users.arn]
  }

  # A request that names a recipe stores the recipe's text, so that any release finds the text. Operators store recipes by
  # name.
  statement {
    sid       = "Recipes"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
    resources = [var.tables.recipes.arn]
  }

  statement {
    sid       = "ReadActivity"
    actions   = ["dynamodb:Query"]
    resources = [var.tables.activity.arn]
  }

  # A seal announces a batch if all images of the batch are done.
  statement {
    sid       = "Notices"
    actions   = ["sns:Publish"]
    resources = [var.topics.notices]
  }

  # A user may subscribe only the user's own mail address: no queue, no URL, no telephone.
  statement {
    sid       = "Subscriptions"
    actions   = ["sns:Subscribe"]
    resources = [var.topics.notices]

    condition {
      test     = "StringEquals"
      variable = "sns:Protocol"
      values   = ["email"]
    }
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
