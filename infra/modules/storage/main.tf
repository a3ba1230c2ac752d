locals {
  buckets = { uploads = var.uploads_name, results = var.results_name }
  ids     = { for part, bucket in aws_s3_bucket.this : part => bucket.id }
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket        = each.value
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.ids

  bucket                  = each.value
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# No ACLs. The bucket's owner owns every object, whoever uploaded it, and the owner's policies apply.
resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.ids

  bucket = each.value

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.ids

  bucket = each.value

  rule {
    # One data key for many objects, because KMS bills each request.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

# Nobody can make originals again. Results have the name of a revision, never change, and can be made again.
resource "aws_s3_bucket_versioning" "uploads" {
  bucket = local.ids.uploads

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  bucket = local.ids.uploads

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
  }

  rule {
    id     = "expire-old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.old_versions_days
    }

    # A delete marker without versions only slows listings.
    expiration {
      expired_object_delete_marker = true
    }
  }

  # S3 deletes an original that carries this tag, and notifies the uploads queue. The worker then removes its variants.
  rule {
    id     = "expire-tagged"
    status = "Enabled"

    filter {
      tag {
        key   = "pixelfleet-expires"
        value = "true"
      }
    }

    expiration {
      days = var.tagged_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.uploads]
}

resource "aws_s3_bucket_lifecycle_configuration" "results" {
  bucket = local.ids.results

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
  }
}

# Browsers post to the bucket itself, with a presigned form.
resource "aws_s3_bucket_cors_configuration" "uploads" {
  bucket = local.ids.uploads

  cors_rule {
    allowed_methods = ["POST", "PUT"]
    allowed_origins = var.upload_origins
    allowed_headers = ["*"]
    expose_headers  = ["ETag", "x-amz-version-id"]
    max_age_seconds = 3600
  }
}

data "aws_iam_policy_document" "tls_only" {
  for_each = aws_s3_bucket.this

  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]

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
}

data "aws_iam_policy_document" "results" {
  source_policy_documents = [data.aws_iam_policy_document.tls_only["results"].json]

  statement {
    sid       = "CloudFrontReads"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.this["results"].arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [var.distribution_arn]
    }
  }
}

resource "aws_s3_bucket_policy" "uploads" {
  bucket = local.ids.uploads
  policy = data.aws_iam_policy_document.tls_only["uploads"].json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_policy" "results" {
  bucket = local.ids.results
  policy = data.aws_iam_policy_document.results.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# No prefix filter: keys outside uploads/<owner>/<batch>/ belong to the default owner.
resource "aws_s3_bucket_notification" "uploads" {
  bucket = local.ids.uploads

  queue {
    id        = "uploads"
    queue_arn = var.uploads_queue_arn
    events    = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "s3:ObjectRestore:Completed"]
  }
}
