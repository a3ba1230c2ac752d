"""DynamoDB: images, batches, users, recipes, activity. All state changes are methods of this package."""
