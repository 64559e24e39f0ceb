"""The gateway of the stable addresses: a process of its own, in front of the endpoints of a workspace."""
