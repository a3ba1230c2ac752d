# Only what a pass without --recipe and --outdated calls: those are for a person to decide, on their own credentials.
data "aws_iam_policy_document" "reconcile" {
  # How old what waits is decides what is left alone.
  statement {
    sid       = "Depths"
    actions   = ["sqs:GetQueueAttributes"]
    resources = local.depth_arns
  }

  # GetMetricData has no resource (service authorization reference, Amazon CloudWatch).
  statement {
    sid       = "Ages"
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  statement {
    sid       = "ListBuckets"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.uploads.arn, var.buckets.results.arn]
  }

  # HeadObject: the version of an object that no record knows. Its bytes are for workers.
  statement {
    sid       = "Originals"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.uploads.arn}/*"]
  }

  statement {
    sid       = "Sweep"
    actions   = ["s3:DeleteObject"]
    resources = ["${var.buckets.results.arn}/*"]
  }

  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage"]
    resources = local.lane_arns
  }

  # Scanned for records that are under way or unfinished; written only to strike off the revisions that were swept.
  statement {
    sid       = "Images"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Scan"]
    resources = [var.tables.images.arn]
  }

  statement {
    sid       = "Batches"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
    resources = [var.tables.batches.arn]
  }

  statement {
    sid       = "ListBatches"
    actions   = ["dynamodb:Query"]
    resources = ["${var.tables.batches.arn}/index/*"]
  }

  statement {
    sid       = "Activity"
    actions   = ["dynamodb:PutItem"]
    resources = [var.tables.activity.arn]
  }

  # A batch that was completed and never announced.
  statement {
    sid       = "Notices"
    actions   = ["sns:Publish"]
    resources = [var.topics.notices]
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
