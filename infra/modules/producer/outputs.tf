output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "role_name" {
  description = "The role that the function runs as."
  value       = aws_iam_role.this.name
}

output "log_group_name" {
  description = "Where the function logs."
  value       = aws_cloudwatch_log_group.this.name
}

output "function_arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}
