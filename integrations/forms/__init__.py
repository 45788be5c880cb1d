"""The forms of the panel: from a tab's settings to inputs, and back. They save nothing."""
