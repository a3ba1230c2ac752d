variable "name" {
  description = "Name of the web ACL and its metric."
  type        = string
}

variable "rate_limit" {
  description = "Requests that one address may send in five minutes."
  type        = number
}
