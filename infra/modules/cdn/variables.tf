variable "prefix" {
  description = "What every name starts with."
  type        = string
}

variable "domain_name" {
  description = "Where people find the dashboard and the results."
  type        = string
}

variable "certificate_arn" {
  description = "ACM certificate of domain_name in us-east-1, where CloudFront looks for it."
  type        = string
}

variable "results_bucket_domain" {
  description = "Regional domain of the results bucket."
  type        = string
}

variable "balancer_dns_name" {
  description = "The load balancer in front of the dashboard."
  type        = string
}

variable "public_results" {
  description = "Serve results to anybody who has the address."
  type        = bool
}

variable "signing_public_keys" {
  description = "PEM of the RSA public keys whose owners sign URLs and cookies, by name; unused when results are public."
  type        = map(string)
}

variable "signing_key" {
  description = "Name of the key that the dashboard signs with; null where there is one key."
  type        = string
}

variable "edge_ttl_seconds" {
  description = "Seconds that edges keep a result, at most."
  type        = number
}

variable "stable_ttl_seconds" {
  description = "Seconds that edges keep what a stable address (/v/...) led to."
  type        = number
}

variable "vpc_origin_id" {
  description = "CloudFront's way to the load balancer."
  type        = string
}

variable "price_class" {
  description = "Which of CloudFront's edges serve."
  type        = string
}

variable "web_acl_arn" {
  description = "WAF web ACL; null for none."
  type        = string
}
