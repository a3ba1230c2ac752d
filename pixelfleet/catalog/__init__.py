"""DynamoDB: images, batches, users, recipes, activity. State changes are methods here and nowhere else."""
