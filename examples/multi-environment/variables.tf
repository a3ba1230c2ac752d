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

variable "environment" {
  description = "Name of the environment, which every resource's name starts with: one state and one .tfvars file each."
  type        = string
}

variable "route53_zone_id" {
  description = "Public hosted zone of domain_name."
  type        = string
}

variable "bulk" {
  description = "Size of the bulk lane in this environment."
  type        = any
  default     = null
}

variable "nat" {
  description = "NAT gateways: one, or per_zone in production."
  type        = string
  default     = "one"
}

variable "email" {
  description = "Where alarms and digests go; null for nobody."
  type        = string
  default     = null
}
