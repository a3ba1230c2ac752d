mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  uploads_name         = "u"
  results_name         = "r"
  force_destroy        = false
  kms_key_arn          = null
  abort_multipart_days = 7
  old_versions_days    = 30
  tagged_days          = 30
  upload_origins       = ["https://images.example.com"]
  uploads_queue_arn    = "arn:aws:sqs:us-east-1:123456789012:q"
  distribution_arn     = "arn:aws:cloudfront::123456789012:distribution/D"
}

run "no_bucket_is_public" {
  module {
    source = "./modules/storage"
  }

  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.this :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ]) && length(aws_s3_bucket_public_access_block.this) == length(aws_s3_bucket.this)
    error_message = "Every bucket blocks every kind of public access."
  }

  assert {
    condition     = alltrue([for control in aws_s3_bucket_ownership_controls.this : control.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "ACLs are off."
  }

  assert {
    condition     = alltrue([for name in ["uploads", "results"] : data.aws_iam_policy_document.tls_only[name].statement[0].effect == "Deny"])
    error_message = "Both buckets refuse plain HTTP."
  }

  assert {
    condition     = alltrue([for condition in data.aws_iam_policy_document.results.statement[0].condition : condition.variable == "aws:SourceArn" && contains(condition.values, "arn:aws:cloudfront::123456789012:distribution/D")])
    error_message = "CloudFront reads results for our distribution alone."
  }

  assert {
    condition     = aws_s3_bucket_versioning.uploads.versioning_configuration[0].status == "Enabled"
    error_message = "Originals cannot be made again: they are versioned."
  }

  assert {
    condition     = toset(flatten(aws_s3_bucket_notification.uploads.queue[*].events)) == toset(["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "s3:ObjectRestore:Completed"])
    error_message = "The queue gets events of created, removed, expired and restored objects."
  }

  assert {
    condition     = alltrue([for queue in aws_s3_bucket_notification.uploads.queue : queue.filter_prefix == null || queue.filter_prefix == ""])
    error_message = "No filter: every key is somebody's."
  }

  assert {
    condition     = !contains(flatten(aws_s3_bucket_cors_configuration.uploads.cors_rule[*].allowed_origins), "*")
    error_message = "Not every web page may upload."
  }
}

run "objects_are_encrypted_by_the_key_that_is_given" {
  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  }

  module {
    source = "./modules/storage"
  }

  assert {
    condition = alltrue([
      for encryption in aws_s3_bucket_server_side_encryption_configuration.this :
      alltrue([for rule in encryption.rule : rule.bucket_key_enabled && rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"])
    ])
    error_message = "A KMS key that is given is used, with bucket keys."
  }
}
