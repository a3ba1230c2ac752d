variable "name" {
  description = "Name of the repository."
  type        = string
}

variable "force_delete" {
  description = "Let terraform destroy delete the repository with images in it."
  type        = bool
}

variable "kept_images" {
  description = "Images to keep, newest first. ECR deletes every older image, also one that tasks still run."
  type        = number
  default     = 20
}

variable "kms_key_arn" {
  description = "KMS key of the images; null for AES-256 with ECR's own."
  type        = string
}
