"""The outside world of notifications: providers of mail, texts and push, webhooks, templates."""
