variable "domain_name" {
  description = "The host that both certificates are for."
  type        = string
}

variable "zone_id" {
  description = "Public hosted zone that the validation record goes to."
  type        = string
}

variable "regional" {
  description = "Whether the load balancer needs a certificate of its own, because it is not in us-east-1."
  type        = bool
}
