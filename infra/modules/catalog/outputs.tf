output "tables" {
  description = "Name, ARN and indexes of every table."
  value = {
    for part, table in {
      images   = aws_dynamodb_table.images
      batches  = aws_dynamodb_table.batches
      users    = aws_dynamodb_table.users
      recipes  = aws_dynamodb_table.recipes
      activity = aws_dynamodb_table.activity
    } : part => { name = table.name, arn = table.arn, indexes = sort([for index in table.global_secondary_index : index.name]) }
  }
}
