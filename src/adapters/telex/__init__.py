"""Telex's side of the door: the manifest that it reads."""
