output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id

  # CloudFront makes no VPC origin in a VPC without an internet gateway.
  depends_on = [aws_internet_gateway.this]
}

output "private_subnet_ids" {
  description = "Subnets of every task and of the load balancer."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "gateway_prefix_list_ids" {
  description = "Prefix lists of the gateway endpoints, by service."
  value       = { for service, endpoint in aws_vpc_endpoint.gateway : service => endpoint.prefix_list_id }
}
