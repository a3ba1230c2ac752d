variable "uploads_name" {
  description = "Name of the bucket that takes originals."
  type        = string
}

variable "results_name" {
  description = "Name of the bucket that takes variants."
  type        = string
}

variable "force_destroy" {
  description = "Let terraform destroy delete buckets that still hold objects."
  type        = bool
}

variable "kms_key_arn" {
  description = "KMS key of the objects; null for SSE-S3."
  type        = string
}

variable "abort_multipart_days" {
  description = "Days until the parts of an unfinished upload are dropped: they are billed and invisible."
  type        = number
}

variable "old_versions_days" {
  description = "Days that a replaced or deleted original can still be brought back."
  type        = number
}

variable "tagged_days" {
  description = "Days that an original tagged pixelfleet-expires=true is kept."
  type        = number
}

variable "upload_origins" {
  description = "Web origins whose pages may upload straight to the bucket."
  type        = list(string)
}

variable "uploads_queue_arn" {
  description = "The queue that S3 notifies of every object; its policy already lets this bucket send."
  type        = string
}

variable "distribution_arn" {
  description = "The CloudFront distribution that alone may read results for the public."
  type        = string
}
