"""Small networks for a function or a table of one's own; `mlpzoo.fit` is the door."""

NOT_TAKEN = ("recipe", "resume", "rewind", "start", "change")  # settings of other commands
