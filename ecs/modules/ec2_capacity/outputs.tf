output "name" {
  description = "The capacity provider."
  value       = aws_ecs_capacity_provider.this.name
}
