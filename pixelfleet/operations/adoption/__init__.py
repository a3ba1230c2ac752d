"""Adoption processes the images of a bucket that existed before the deployment. Originals stay where they are."""
