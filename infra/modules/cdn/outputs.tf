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
  value       = var.public_results ? null : aws_cloudfront_public_key.signer[coalesce(var.signing_key, keys(var.signing_public_keys)[0])].id
}

output "hosted_zone_id" {
  description = "Route 53's zone of CloudFront, for alias records."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}
