"""The pages: HTML for people, with htmx for parts that change while a page is open."""
