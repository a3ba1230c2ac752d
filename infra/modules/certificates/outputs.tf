output "edge_arn" {
  description = "The validated certificate in us-east-1."
  value       = aws_acm_certificate_validation.edge.certificate_arn
}

output "regional_arn" {
  description = "The validated certificate of the load balancer."
  value       = try(aws_acm_certificate_validation.regional[0].certificate_arn, aws_acm_certificate_validation.edge.certificate_arn)
}
