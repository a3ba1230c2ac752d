output "bucket" {
  description = "The bucket, once the load balancer may write to it."
  value       = aws_s3_bucket.this.id

  depends_on = [aws_s3_bucket_policy.this]
}
