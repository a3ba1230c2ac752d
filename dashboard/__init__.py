"""The dashboard and the REST API: people see their images, operators see the fleet."""
