output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Subnets of the load balancer and the NAT gateways, and of nothing else."
  value       = [for subnet in aws_subnet.public : subnet.id]
}

output "private_subnet_ids" {
  description = "Subnets of every task."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "security_group_ids" {
  description = "Security groups of the load balancer, the dashboard and the workers."
  value = {
    balancer  = aws_security_group.balancer.id
    dashboard = aws_security_group.dashboard.id
    workers   = aws_security_group.workers.id
  }
}
