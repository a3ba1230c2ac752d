output "task_definition_arn" {
  description = "The task definition that the schedule runs."
  value       = aws_ecs_task_definition.this.arn
}

output "schedule_names" {
  description = "The schedules by what they start: reconcile, and sweep unless it is never swept."
  value       = { for what, schedule in aws_scheduler_schedule.this : what => schedule.name }
}

output "role_name" {
  description = "The role that the task runs as."
  value       = aws_iam_role.task.name
}

output "schedule_role_name" {
  description = "The role by which schedules start the task."
  value       = aws_iam_role.schedule.name
}

output "log_group_name" {
  description = "Where the task logs."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_arn" {
  description = "ARN of the role that the task runs as."
  value       = aws_iam_role.task.arn
}

output "schedule_role_arn" {
  description = "ARN of the role by which schedules start the task."
  value       = aws_iam_role.schedule.arn
}
