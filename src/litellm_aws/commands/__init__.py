"""The subcommands of the command line, one file each: `litellm-aws synth`, `litellm-aws explain` and so on."""
