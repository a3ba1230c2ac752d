variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "bucket_name" {
  description = "Name of the bucket of logs."
  type        = string
}

variable "days" {
  description = "Days that logs are kept."
  type        = number
}

variable "force_destroy" {
  description = "Let terraform destroy delete the bucket with the logs in it."
  type        = bool
}

variable "vpc_id" {
  description = "The VPC whose flow logs are written."
  type        = string
}

variable "flow_logs" {
  description = "Write the VPC's flow logs; false for a VPC of somebody else's."
  type        = bool
}

variable "distribution_arn" {
  description = "The CloudFront distribution."
  type        = string
}

variable "logged_buckets" {
  description = "Names of the buckets whose requests are logged, by a name of theirs."
  type        = map(string)
}
