"""Whether one arm of an experiment answers better than another, and how certain that is."""
