"""What the system says about itself: logs with personal data masked, traces, metrics."""
