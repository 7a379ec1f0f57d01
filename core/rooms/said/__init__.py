"""What is said: posted, written as it streams, changed afterwards, thumbed up or down."""
