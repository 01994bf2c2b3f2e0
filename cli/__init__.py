"""The command line of an installation: everything a person or a script does from outside."""
