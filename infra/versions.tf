terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region      = var.region
  max_retries = var.max_retries

  default_tags {
    tags = merge({ Application = var.prefix }, var.tags)
  }
}

# CloudFront's web ACLs are in us-east-1, whatever the region of the stack.
provider "aws" {
  alias       = "us_east_1"
  region      = "us-east-1"
  max_retries = var.max_retries

  default_tags {
    tags = merge({ Application = var.prefix }, var.tags)
  }
}
