output "distribution_arn" {
  description = "The distribution's ARN."
  value       = aws_cloudfront_distribution.this.arn
}

output "distribution_id" {
  description = "The distribution's id, as invalidations name it."
  value       = aws_cloudfront_distribution.this.id
}

output "domain_name" {
  description = "CloudFront's own name: what domain_name's CNAME or alias record points to."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "signing_key_id" {
  description = "Id that signed URLs and cookies carry as Key-Pair-Id; null when results are public."
  value       = one(aws_cloudfront_public_key.signer[*].id)
}
