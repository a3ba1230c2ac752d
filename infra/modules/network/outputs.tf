output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id

  # CloudFront makes no VPC origin in a VPC without an internet gateway.
  depends_on = [aws_internet_gateway.this]
}

output "private_subnet_ids" {
  description = "Subnets of the load balancer, which needs no way to AWS's APIs."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "task_subnet_ids" {
  description = "The same subnets for tasks, once a task in them can reach AWS's APIs."
  value       = [for subnet in aws_subnet.private : subnet.id]

  # A NAT gateway takes minutes to start. A task that starts earlier cannot pull its image, and the circuit breaker ends the
  # deployment.
  depends_on = [
    aws_route.internet, aws_route_table_association.public, aws_route.nat, aws_route_table_association.private,
    aws_vpc_endpoint.gateway, aws_vpc_endpoint.interface, aws_vpc_security_group_ingress_rule.endpoints_from_vpc,
  ]
}

output "gateway_prefix_list_ids" {
  description = "Prefix lists of the gateway endpoints, by service."
  value       = { for service, endpoint in aws_vpc_endpoint.gateway : service => endpoint.prefix_list_id }
}
