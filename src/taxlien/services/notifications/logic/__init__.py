"""Pure decisions of notifications: which event becomes which mail, in which words, tried again when."""
