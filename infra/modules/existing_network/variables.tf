variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in two zones or more."
  type        = list(string)
}

variable "excluded_zone_ids" {
  description = "Ids of zones that no subnet may be in."
  type        = list(string)
}
