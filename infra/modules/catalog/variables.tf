variable "prefix" {
  description = "What every table's name starts with."
  type        = string
}

variable "deletion_protection" {
  description = "Refuse to delete the tables: they are the truth about what happened to every image."
  type        = bool
}

variable "kms_key_arn" {
  description = "KMS key of the tables; null for alias/aws/dynamodb, the key that AWS manages in this account (not the AWS owned key, which has no entry in CloudTrail)."
  type        = string
}
