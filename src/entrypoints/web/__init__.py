"""The service's HTTP face: the door of ticks, pages, and what its operator asks."""
