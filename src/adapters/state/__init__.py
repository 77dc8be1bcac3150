"""Where ticks, ledger and cache live: SQLite, NATS JetStream, or memory."""
