output "name" {
  description = "The queue's name."
  value       = aws_sqs_queue.this.name
}

output "url" {
  description = "The queue's URL."
  value       = aws_sqs_queue.this.url
}

output "arn" {
  description = "The queue's ARN."
  value       = aws_sqs_queue.this.arn

  # S3 sends a test message when a notification is set, so the policy must be there before anything uses the ARN.
  depends_on = [aws_sqs_queue_policy.this]
}

output "dead_letters" {
  description = "Name, URL and ARN of the DLQ."
  value = {
    name = aws_sqs_queue.dead_letters.name
    url  = aws_sqs_queue.dead_letters.url
    arn  = aws_sqs_queue.dead_letters.arn
  }
}
