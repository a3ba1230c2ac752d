environment     = "staging"
domain_name     = "images.staging.example.com"
route53_zone_id = "Z0000000000STAGING"
bulk            = { maximum = 5 }

image_digest         = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
dashboard_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:staging-dashboard-AbCdEf"
signing_public_key   = <<-PEM
  -----BEGIN PUBLIC KEY-----
  MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyIUl6i9Uk9iK2FxkOzqS
  -----END PUBLIC KEY-----
PEM
