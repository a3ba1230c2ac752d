variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "vpc_id" {
  description = "The VPC of the tasks."
  type        = string
}

variable "existing_balancer" {
  description = "A load balancer that is there already, with its security group; null to make a group."
  type        = object({ security_group_id = string })
}

variable "gateway_prefix_list_ids" {
  description = "Prefix lists of the gateway endpoints for S3 and DynamoDB, by service; empty where api_cidr covers them."
  type        = map(string)
}

variable "api_cidr" {
  description = "Addresses of AWS's APIs: everything, or the VPC's own where interface endpoints are the only way."
  type        = string
}

variable "dashboard_port" {
  description = "Port that the dashboard's container listens on."
  type        = number
}
