output "buckets" {
  description = "Name, ARN and regional domain of both buckets."
  value = {
    for part, bucket in aws_s3_bucket.this : part => {
      name   = bucket.id
      arn    = bucket.arn
      domain = bucket.bucket_regional_domain_name
    }
  }
}
