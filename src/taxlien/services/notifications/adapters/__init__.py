"""The outside world of notifications: the mail server, and the templates of the mails."""
