variable "region" {
  description = "AWS region of everything but CloudFront."
  type        = string
  default     = "us-east-1"
}

variable "max_retries" {
  description = "How often the provider repeats a call that AWS throttled or failed."
  type        = number
  default     = 25
}

variable "domain_name" {
  description = "Where people find the dashboard and the results."
  type        = string
}

variable "image_digest" {
  description = "Digest of the container image in the stack's repository."
  type        = string
}

variable "dashboard_secret_arn" {
  description = "The secret that pixelfleet secrets create made."
  type        = string
}

variable "signing_public_key" {
  description = "The public key that pixelfleet secrets create printed."
  type        = string
}

variable "producer" {
  description = "The producer's architecture, Python and zip; null for the module's defaults."
  type        = any
  default     = null
}

variable "certificate_arn" {
  description = "ACM certificate of domain_name in us-east-1."
  type        = string
}
