# The tables of pixelfleet/catalog/schema.py; a test holds the two against each other. Every key is a string.

resource "aws_dynamodb_table" "images" {
  name                        = "${var.prefix}-images"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "image_id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "image_id"
    type = "S"
  }

  attribute {
    name = "owner_shard"
    type = "S"
  }

  attribute {
    name = "uploaded_sort"
    type = "S"
  }

  attribute {
    name = "batch_shard"
    type = "S"
  }

  attribute {
    name = "status_sort"
    type = "S"
  }

  attribute {
    name = "failure_shard"
    type = "S"
  }

  attribute {
    name = "failure_sort"
    type = "S"
  }

  attribute {
    name = "sha256"
    type = "S"
  }

  # Keys only. DynamoDB then writes an index only if the image's place in the index changes. A page is one BatchGetItem.
  global_secondary_index {
    name            = "by_owner"
    hash_key        = "owner_shard"
    range_key       = "uploaded_sort"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name            = "by_batch"
    hash_key        = "batch_shard"
    range_key       = "status_sort"
    projection_type = "KEYS_ONLY"
  }

  global_secondary_index {
    name            = "by_failure"
    hash_key        = "failure_shard"
    range_key       = "failure_sort"
    projection_type = "KEYS_ONLY"
  }

  # Both keys are attributes that every processed image has: the index has the older images as soon as it is built.
  global_secondary_index {
    name            = "by_digest"
    hash_key        = "sha256"
    range_key       = "owner_shard"
    projection_type = "KEYS_ONLY"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table" "batches" {
  name                        = "${var.prefix}-batches"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "batch_id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "batch_id"
    type = "S"
  }

  attribute {
    name = "owner"
    type = "S"
  }

  attribute {
    name = "listing"
    type = "S"
  }

  attribute {
    name = "created_at"
    type = "S"
  }

  global_secondary_index {
    name            = "by_owner"
    hash_key        = "owner"
    range_key       = "created_at"
    projection_type = "ALL"
  }

  global_secondary_index {
    name            = "by_created"
    hash_key        = "listing"
    range_key       = "created_at"
    projection_type = "ALL"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table" "users" {
  name                        = "${var.prefix}-users"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "user_id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "user_id"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table" "recipes" {
  name                        = "${var.prefix}-recipes"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "recipe_id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "recipe_id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_dynamodb_table" "activity" {
  name                        = "${var.prefix}-activity"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "stream"
  range_key                   = "at"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "stream"
    type = "S"
  }

  attribute {
    name = "at"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}
