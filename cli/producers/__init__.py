"""Producer health: what each source sends that is not as it should be, with the smallest record that shows it."""
