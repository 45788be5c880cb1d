"""What is kept and for how long, and how a person is erased."""
