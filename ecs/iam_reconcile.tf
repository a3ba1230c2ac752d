# The rights of the scheduled commands: the digest of failures, and a reconcile without --recipe and --outdated. People
# run those two options with their own credentials.
data "aws_iam_policy_document" "reconcile" {
  source_policy_documents = [data.aws_iam_policy_document.activity["reconcile"].json]

  # The age of the oldest waiting message decides which images a reconcile skips.
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
    resources = distinct(concat([var.buckets.uploads.arn, var.buckets.results.arn, var.aliases.bucket_arn], var.source_bucket_arns))
  }

  # HeadObject: the version of an object without a record. Only workers read the bytes.
  statement {
    sid       = "Originals"
    actions   = ["s3:GetObject"]
    resources = [for arn in concat([var.buckets.uploads.arn], var.source_bucket_arns) : "${arn}/*"]
  }

  statement {
    sid       = "Sweep"
    actions   = ["s3:DeleteObject"]
    resources = ["${var.buckets.results.arn}/*"]
  }

  # HeadObject says which result an alias is a copy of. An alias of no image is deleted; if an image claims its key at that
  # moment, the alias is copied again.
  statement {
    sid       = "Aliases"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${var.aliases.bucket_arn}/${var.aliases.prefix}*"]
  }

  statement {
    sid       = "ReadResults"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.results.arn}/*"]
  }

  # A recipe may have a template of aliases.
  statement {
    sid       = "Recipes"
    actions   = ["dynamodb:GetItem"]
    resources = [var.tables.recipes.arn]
  }

  statement {
    sid       = "SendJobs"
    actions   = ["sqs:SendMessage"]
    resources = local.lane_arns
  }

  # A reconcile scans the table for records that are under way or unfinished, and a sweep for claims of aliases. It writes
  # records to remove swept revisions, to have claims given up, and to count an outcome again in its batch.
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

  # The digest reads the index of failures.
  statement {
    sid       = "ListFailures"
    actions   = ["dynamodb:Query"]
    resources = ["${var.tables.images.arn}/index/*"]
  }

  statement {
    sid       = "Forget"
    actions   = ["cloudfront:CreateInvalidation"]
    resources = [var.distribution_arn]
  }

  # Notices of completed batches that were not announced, and the digest.
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
