"""The outside: everything that knows AWS, Telex, SQL or NATS."""
