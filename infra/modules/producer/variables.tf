variable "name" {
  description = "Name of the function, its role and its log group."
  type        = string
}

variable "package" {
  description = "Path of the zip that make lambda built."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64; the zip must be built for the same."
  type        = string
}

variable "python" {
  description = "Version of the Lambda runtime; the zip must be built for the same."
  type        = string
}

variable "memory" {
  description = "MiB. Lambda gives CPU by memory; a batch of 100 events is parsed in tens of milliseconds at 512."
  type        = number
}

variable "timeout" {
  description = "Seconds. The uploads queue's visibility is six times this."
  type        = number
}

variable "batch_size" {
  description = "Most messages per invocation."
  type        = number
}

variable "batch_window" {
  description = "Seconds to wait for a fuller batch."
  type        = number
}

variable "maximum_concurrency" {
  description = "Most invocations at a time: one already routes thousands of uploads a second."
  type        = number
}

variable "source_queue_arn" {
  description = "The queue of S3 events."
  type        = string
}

variable "lane_queue_arns" {
  description = "The queues that jobs are sent to."
  type        = list(string)
}

variable "environment" {
  description = "The fleet's settings, PIXELFLEET_*."
  type        = map(string)
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "KMS key of the log group; null for CloudWatch's own."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary (an ARN, or null) of every role."
  type        = object({ path = string, boundary = string })
}
