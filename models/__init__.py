"""What is true: the contract's messages and the rules of the programmes. No clock, no IO, no framework."""
