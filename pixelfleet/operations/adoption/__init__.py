"""Adoption takes on the images of a bucket that was there before the deployment. Originals stay where they are."""
