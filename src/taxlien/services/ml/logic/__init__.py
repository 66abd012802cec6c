"""What models decide without any engine: cases, features, labels, calibration, reports."""
