"""What a browser may send, checked; by domain."""
