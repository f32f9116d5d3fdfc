# The fleet server.
