output "notices_arn" {
  description = "Topic of what becomes of images and batches."
  value       = aws_sns_topic.notices.arn
}

output "alarms_arn" {
  description = "Topic of what an operator should look at."
  value       = aws_sns_topic.alarms.arn
}
