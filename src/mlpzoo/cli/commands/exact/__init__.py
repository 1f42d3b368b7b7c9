"""Commands on what a network is, exactly."""
