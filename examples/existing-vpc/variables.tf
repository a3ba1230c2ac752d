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

variable "vpc_id" {
  description = "A VPC with an internet gateway."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in two zones or more, with a way to AWS's APIs."
  type        = list(string)
}

variable "cluster_name" {
  description = "An ECS cluster with FARGATE, FARGATE_SPOT and Container Insights."
  type        = string
}

variable "source_buckets" {
  description = "Buckets that hold originals already."
  type        = list(string)
  default     = []
}

variable "kms_key_arn" {
  description = "The team's key; null for keys that AWS owns."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role; null for none."
  type        = string
  default     = null
}

variable "existing_balancer" {
  description = "An internal Application Load Balancer, its HTTPS listener on port 443, its security group and the priority of a new rule; null to make a load balancer."
  type = object({
    arn               = string
    listener_arn      = string
    security_group_id = string
    rule_priority     = optional(number, 100)
  })
  default = null
}
