"""Synthesizes the module and the tenants' roots: `python main.py`, `make synth`, `cdktf synth`.

The environment variable TENANTS_FILE names the tenants file, by default `tenants.yaml`;
CDKTF_OUTDIR the folder to write to, by default `cdktf.out`.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

sys.path.insert(1, str(Path(__file__).with_name("constructs")))

from fleet.problems import BadInputError
from fleet.tenants_file import load_fleet


def main() -> int:
    """Synthesizes, and returns the exit code: 2 for mistakes in the tenants file, 1 for other failures."""
    tenants_file = Path(os.environ.get("TENANTS_FILE") or "tenants.yaml")
    outdir = Path(os.environ.get("CDKTF_OUTDIR") or "cdktf.out")
    try:
        fleet = load_fleet(tenants_file)
    except BadInputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        print(f"{error} in {tenants_file}; {outdir} is left as it was.", file=sys.stderr)
        return 2

    # Only now, for it takes seconds: CDKTF and the provider's bindings.
    from fleet.report import table, warnings
    from fleet.synthesis import synthesize

    try:
        synthesized = synthesize(fleet, outdir)
    except OSError as error:
        print(f"{outdir} cannot be written: {error}", file=sys.stderr)
        return 1
    print(table(fleet, synthesized, outdir))
    for warning in warnings(fleet, synthesized):
        print(f"Warning: {warning}", file=sys.stderr)
    return 0


def interrupted(_number: int, _frame: FrameType | None) -> None:
    """Ends at Ctrl-C with its exit code, and without a traceback."""
    print("Interrupted.", file=sys.stderr, flush=True)
    # The terminal interrupts jsii's Node too, of which jsii complains with a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, interrupted)
    sys.exit(main())
