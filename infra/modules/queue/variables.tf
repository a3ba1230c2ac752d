variable "name" {
  description = "Name of the queue; its dead letters go to <name>-dlq."
  type        = string
}

variable "visibility" {
  description = "Seconds that a received message stays hidden unless its reader extends it."
  type        = number
}

variable "max_receives" {
  description = "Receives after which SQS itself takes a message to the DLQ."
  type        = number
}

variable "retention" {
  description = "Seconds that a message is kept: a week, so that a long weekend's outage loses nothing."
  type        = number
  default     = 604800
}

variable "dead_letter_retention" {
  description = "Seconds that a dead letter is kept: SQS's most, two weeks."
  type        = number
  default     = 1209600
}

variable "long_poll" {
  description = "Seconds that an empty receive waits: SQS's most; every empty receive is billed."
  type        = number
  default     = 20
}

variable "sender_rule_arns" {
  description = "Rules of EventBridge that may send events here."
  type        = list(string)
  default     = []
}

variable "sender_bucket_arns" {
  description = "Buckets that may send their notifications here."
  type        = list(string)
  default     = []
}
