"""Settings, assembly and the list of actions behind both doors: the command line and, later, the console."""
