"""Where a report goes: the guarded way to a stranger's host, and a file for each destination's words."""
