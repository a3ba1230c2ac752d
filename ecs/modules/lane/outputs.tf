output "service_name" {
  description = "The lane's service."
  value       = aws_ecs_service.this.name
}

output "service_arn" {
  description = "The service's ARN."
  value       = aws_ecs_service.this.id
}

output "task_definition_arn" {
  description = "The task definition that the service runs."
  value       = aws_ecs_task_definition.this.arn
}

output "role_name" {
  description = "The role that the worker runs as."
  value       = aws_iam_role.task.name
}

output "log_group_name" {
  description = "Where the worker logs."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_arn" {
  description = "ARN of the role that the task runs as."
  value       = aws_iam_role.task.arn
}
