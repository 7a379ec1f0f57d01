"""The other side of the port: what a program outside the app needs to take part in rooms.

Commands and the agent client speak to a running Engawa through here. The package stands beside
`api` in the order of imports: both are sides of one port and neither imports the other.
"""
