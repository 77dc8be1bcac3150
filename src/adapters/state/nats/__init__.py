"""All state on NATS JetStream, for many machines."""
