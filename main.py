"""Synthesizes the module and the tenants' roots: `python main.py`, `make synth`, `cdktf synth`.

The environment variable TENANTS_FILE names the tenants file, by default `tenants.yaml`;
CDKTF_OUTDIR the folder to write to, by default `cdktf.out`.
"""

import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).with_name("constructs")))

from fleet import command_line
from fleet.tenants_file import load_fleet


def main() -> int:
    """Synthesizes, and returns the exit code: 2 for mistakes in the tenants file, 1 for other failures."""
    return command_line.run(synth)


def synth() -> None:
    """Reads the tenants file, writes what it says, and prints what was written."""
    begun = time.monotonic()
    fleet = load_fleet(command_line.tenants_file())
    outdir = command_line.outdir()
    with command_line.importing_cdktf():
        from fleet.report import Progress, table
        from fleet.stale_roots import warnings
        from fleet.synthesis import synthesize

    try:
        with Progress(len(fleet.tenants)) as progress:
            synthesized = synthesize(fleet, outdir, progress)
    except OSError as error:
        raise command_line.CommandError(f"{outdir} cannot be written: {error}", command_line.FAILURE) from error
    print(table(fleet, synthesized, outdir, time.monotonic() - begun))
    for warning in warnings(synthesized.stale, fleet.file):
        print(f"Warning: {warning}", file=sys.stderr)


if __name__ == "__main__":
    command_line.end_in_words()
    sys.exit(main())
