"""`litellm-aws demo`: applies a tenant of the example fleet to a local AWS."""
