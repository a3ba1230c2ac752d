variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC. Every task takes one, so a small network bounds the fleet."
  type        = string
}

variable "zones" {
  description = "Availability zones to spread over."
  type        = number
}

variable "nat" {
  description = "NAT gateways: one, per_zone or none."
  type        = string
}

variable "interface_endpoints" {
  description = "AWS services to reach by interface endpoints, as in com.amazonaws.REGION.<name>."
  type        = set(string)
}

variable "excluded_zone_ids" {
  description = "Ids of zones that get no subnet: CloudFront reaches no load balancer there."
  type        = list(string)
}
