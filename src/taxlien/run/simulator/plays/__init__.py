"""One file for each platform played: its pages, its sessions, and the truth that they tell."""
