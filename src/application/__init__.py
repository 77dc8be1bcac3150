"""What the service does: one use case per file, and the ports it does it through."""
