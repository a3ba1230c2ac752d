# One bucket for the access logs of the load balancer, CloudFront and S3, and the flow logs of the VPC. SSE-S3, since the
# load balancer and S3's own logs take no KMS key (ELB user guide, "Access logs"; S3 user guide, "Server access logs").

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # Built from the name, not read from the bucket, so that a plan shows who may write to which folder.
  bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket_name}"
  account    = data.aws_caller_identity.current.account_id

  # The writer of each folder. The load balancer's log service, which is the same in every region, sends no account: the
  # account in the path of its objects keeps others' load balancers out (Application Load Balancer guide, "Enable access
  # logs", step 2: bucket/prefix/AWSLogs/account/*). CloudWatch's deliveries, of flow logs and of CloudFront, send the account
  # (VPC user guide, "Amazon S3 bucket permissions for flow logs"; CloudWatch Logs user guide, "Logs sent to Amazon S3").
  writers = {
    balancer = { service = "logdelivery.elasticloadbalancing.amazonaws.com", folders = ["balancer/AWSLogs/${local.account}"] }
    s3       = { service = "logging.s3.amazonaws.com", folders = ["s3"] }
    delivery = { service = "delivery.logs.amazonaws.com", folders = ["flow", "cdn"] }
  }
}

resource "aws_s3_bucket" "this" {
  bucket        = var.bucket_name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.bucket_arn, "${local.bucket_arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = local.writers

    content {
      sid       = "Write${title(statement.key)}"
      actions   = ["s3:PutObject"]
      resources = [for folder in statement.value.folders : "${local.bucket_arn}/${folder}/*"]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      dynamic "condition" {
        for_each = statement.key == "balancer" ? [] : [local.account]

        content {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = [condition.value]
        }
      }
    }
  }

  statement {
    sid       = "DeliveryChecks"
    actions   = ["s3:GetBucketAcl", "s3:ListBucket"]
    resources = [local.bucket_arn]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.this.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = var.logged_buckets

  bucket        = each.value
  target_bucket = aws_s3_bucket.this.id
  target_prefix = "s3/${each.key}/"

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_flow_log" "this" {
  count = var.flow_logs ? 1 : 0

  vpc_id               = var.vpc_id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = "${aws_s3_bucket.this.arn}/flow/"

  depends_on = [aws_s3_bucket_policy.this]
}

# CloudFront's standard logs, version 2, are deliveries of CloudWatch Logs in us-east-1.
resource "aws_cloudwatch_log_delivery_source" "cdn" {
  provider = aws.us_east_1

  name         = "${var.prefix}-cdn"
  log_type     = "ACCESS_LOGS"
  resource_arn = var.distribution_arn
}

resource "aws_cloudwatch_log_delivery_destination" "cdn" {
  provider = aws.us_east_1

  name = "${var.prefix}-cdn"
  # Delivery to S3 is free of charge in this format; CloudWatch bills the conversion to Parquet by the gigabyte (CloudFront
  # developer guide, "Configure standard logging (v2)").
  output_format = "w3c"

  delivery_destination_configuration {
    destination_resource_arn = "${aws_s3_bucket.this.arn}/cdn"
  }

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_cloudwatch_log_delivery" "cdn" {
  provider = aws.us_east_1

  delivery_source_name     = aws_cloudwatch_log_delivery_source.cdn.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.cdn.arn
}
