"""The ways in: HTTP, worker, command line, and the one container that wires them."""
