"""The commands, one module for each kind of user. Heavy imports happen inside a command, so that --help stays fast."""
