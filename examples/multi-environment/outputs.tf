output "dashboard_url" {
  description = "Where people go."
  value       = module.pixelfleet.dashboard_url
}

output "uploads_bucket" {
  description = "Put originals here: uploads/<owner>/<batch>/<path>."
  value       = module.pixelfleet.uploads_bucket
}

output "results_bucket" {
  description = "Variants are here."
  value       = module.pixelfleet.results_bucket
}

output "repository_url" {
  description = "Push the container image here."
  value       = module.pixelfleet.repository_url
}

output "environment" {
  description = "Settings for the command line on your own machine."
  value       = module.pixelfleet.environment
}
