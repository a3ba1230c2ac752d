terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
      # The second provider is for us-east-1, where CloudFront looks for certificates, web ACLs and log deliveries.
      configuration_aliases = [aws.us_east_1]
    }
  }
}
