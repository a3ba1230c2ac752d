variable "prefix" {
  description = "What both topics' names start with."
  type        = string
}

variable "email" {
  description = "Address that is told of failed images, completed batches and alarms; null for nobody."
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
  description = "KMS key of both topics; its policy must let cloudwatch.amazonaws.com use it. Null for none."
  type        = string
}
