"""The screens. `shell.py` is the frame; every other file is one screen."""
