output "private_subnet_ids" {
  description = "The subnets, once they were looked at."
  value       = data.aws_subnet.private[*].id

  precondition {
    condition     = length(distinct(data.aws_subnet.private[*].availability_zone)) >= 2
    error_message = "All subnets in existing_network.private_subnet_ids are in one zone: a load balancer needs subnets of two zones."
  }
}
