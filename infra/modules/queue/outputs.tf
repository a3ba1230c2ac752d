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

  # S3 proves that it may send when a notification is set: nobody learns the ARN before the policy is there.
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
