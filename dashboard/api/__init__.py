"""The REST API below /api/v1: JSON in and out, problem details for errors."""
