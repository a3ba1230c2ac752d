"""The shapes of the API's requests and answers, with examples. Stable: fields are only added."""
