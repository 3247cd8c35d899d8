"""What hinders requests to a simulated account: the rate limit, and faults."""
