"""`python -m cli`: the same as `memberships`, for processes that we start ourselves."""

from cli.main import main

main()
