"""What each command of the command line does; its options are in ``cli.py`` and beside it."""
