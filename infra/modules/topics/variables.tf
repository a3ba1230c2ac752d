variable "prefix" {
  description = "What both topics' names start with."
  type        = string
}

variable "email" {
  description = "Address that receives completed batches, the digest of failures, and alarms; null for nobody."
  type        = string
}

variable "subscriptions" {
  description = "Further subscriptions to notices: protocol (email, sms, sqs, ...), endpoint, filter on attributes."
  type = map(object({
    protocol = string
    endpoint = string
    filter   = map(list(string))
    raw      = bool
  }))
}

variable "kms_key_arn" {
  description = "KMS key of both topics; its policy must let cloudwatch, events and budgets.amazonaws.com use it. Null for none."
  type        = string
}
