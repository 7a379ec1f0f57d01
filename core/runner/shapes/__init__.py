"""What a model's files say of its dimensions, read without loading it."""
