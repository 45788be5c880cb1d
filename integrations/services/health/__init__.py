"""How everything stands: counted at once where that is cheap, else as of the last snapshot. Reads mostly."""
