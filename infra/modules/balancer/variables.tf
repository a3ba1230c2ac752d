variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "vpc_id" {
  description = "The VPC of the dashboard's tasks."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the load balancer."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}

variable "dashboard_port" {
  description = "Port that the dashboard's container listens on."
  type        = number
}

variable "health_path" {
  description = "Path that answers 200 while the dashboard can serve."
  type        = string
}

variable "domain_name" {
  description = "The Host that is served."
  type        = string
}

variable "certificate_arn" {
  description = "ACM certificate of domain_name, in this region."
  type        = string
}

variable "deletion_protection" {
  description = "Refuse to delete the load balancer."
  type        = bool
}

variable "existing" {
  description = "An internal load balancer that is there already; null to make one."
  type        = object({ arn = string, listener_arn = string, rule_priority = number })
}

variable "log_bucket" {
  description = "Bucket of access logs; null for none."
  type        = string
}
