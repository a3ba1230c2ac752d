output "tables" {
  description = "Name and ARN of every table."
  value = {
    images   = { name = aws_dynamodb_table.images.name, arn = aws_dynamodb_table.images.arn }
    batches  = { name = aws_dynamodb_table.batches.name, arn = aws_dynamodb_table.batches.arn }
    users    = { name = aws_dynamodb_table.users.name, arn = aws_dynamodb_table.users.arn }
    recipes  = { name = aws_dynamodb_table.recipes.name, arn = aws_dynamodb_table.recipes.arn }
    activity = { name = aws_dynamodb_table.activity.name, arn = aws_dynamodb_table.activity.arn }
  }
}
