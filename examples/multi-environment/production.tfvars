environment     = "production"
domain_name     = "images.example.com"
route53_zone_id = "Z0000000PRODUCTION"
nat             = "per_zone"
email           = "images-team@example.com"
bulk = {
  maximum            = 200
  scheduled_minimums = { day = { schedule = "cron(0 7 ? * MON-FRI *)", until = "cron(0 19 ? * MON-FRI *)", minimum = 2 } }
}

image_digest         = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
dashboard_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:production-dashboard-AbCdEf"
signing_public_key   = <<-PEM
  -----BEGIN PUBLIC KEY-----
  MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyIUl6i9Uk9iK2FxkOzqS
  -----END PUBLIC KEY-----
PEM
