"""The pages: HTML for people, with htmx for what changes while they look."""
