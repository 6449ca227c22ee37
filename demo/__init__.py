"""The demo: the example fleet synthesized against a local AWS, and one tenant of it applied."""
