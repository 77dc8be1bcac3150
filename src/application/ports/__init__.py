"""The application's view of the outside: one port per file."""
