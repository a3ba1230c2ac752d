output "role_arn" {
  description = "The role for aws-actions/configure-aws-credentials."
  value       = aws_iam_role.github.arn
}

output "role_name" {
  description = "The role's name."
  value       = aws_iam_role.github.name
}
