"""What every service shares to stay safe: sealed values, who calls, who may call what."""
