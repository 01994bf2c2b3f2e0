"""How the rules reach the world: thin Faust agents, the one handling path, topics, settings and the app factory."""
