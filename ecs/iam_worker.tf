data "aws_iam_policy_document" "worker" {
  for_each = var.lanes

  source_policy_documents = [data.aws_iam_policy_document.activity["worker"].json]

  statement {
    sid = "TakeJobs"
    actions = [
      "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
    ]
    resources = [var.queues[each.key].arn]
  }

  # A worker passes jobs to the other lane, sends jobs to their own lane again, and moves jobs without attempts to the DLQ.
  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage"]
    resources = concat(local.lane_arns, [var.queues[each.key].dead_letters.arn])
  }

  # Without ListBucket, S3 answers 403 for a missing object, as for a missing right.
  statement {
    sid       = "ListOriginals"
    actions   = ["s3:ListBucket"]
    resources = concat([var.buckets.uploads.arn], var.source_bucket_arns)
  }

  # Buckets from before the deployment are read, and never written to.
  dynamic "statement" {
    for_each = length(var.source_bucket_arns) > 0 ? [var.source_bucket_arns] : []

    content {
      sid       = "Sources"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = [for arn in statement.value : "${arn}/*"]
    }
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

  # CopyObject reads a result, and writes its alias.
  statement {
    sid       = "ReadResults"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.results.arn}/*"]
  }

  # HeadObject says whether a key has a copy of ours or a file of somebody else, which is left alone.
  statement {
    sid       = "Aliases"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${var.aliases.bucket_arn}/${var.aliases.prefix}*"]
  }

  statement {
    sid       = "Images"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"]
    resources = [var.tables.images.arn]
  }

  # An alias of a removed image is free again. Records of images stay.
  statement {
    sid       = "AliasClaims"
    actions   = ["dynamodb:DeleteItem"]
    resources = [var.tables.images.arn]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["alias#*"]
    }
  }

  # The images of a batch that grew after its seal are counted again before the batch completes.
  statement {
    sid       = "ImagesOfABatch"
    actions   = ["dynamodb:Query"]
    resources = ["${var.tables.images.arn}/index/by_batch"]
  }

  statement {
    sid       = "Batches"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [var.tables.batches.arn]
  }

  statement {
    sid       = "Recipes"
    actions   = ["dynamodb:GetItem"]
    resources = [var.tables.recipes.arn]
  }

  statement {
    sid       = "Notices"
    actions   = ["sns:Publish"]
    resources = [var.topics.notices]
  }

  # A removed image must leave the edge caches before its time to live ends.
  statement {
    sid       = "Forget"
    actions   = ["cloudfront:CreateInvalidation"]
    resources = [var.distribution_arn]
  }

  # Only `heavy` protects its task while the task works. A task's id is unknown before the task runs, so the resource is
  # bounded by the cluster.
  dynamic "statement" {
    for_each = each.key == "heavy" ? [local.task_arns] : []

    content {
      sid       = "ProtectItself"
      actions   = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
      resources = [statement.value]
    }
  }

  # A heavy task compares its own deployment with the primary one of its service (worker/retirement.py).
  dynamic "statement" {
    for_each = each.key == "heavy" ? [[local.task_arns, local.service_arns]] : []

    content {
      sid       = "OwnDeployment"
      actions   = ["ecs:DescribeTasks", "ecs:DescribeServices"]
      resources = statement.value
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
