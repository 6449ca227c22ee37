"""The floor of writing: writes files whose content it is given, and does nothing else.

python -m bench.write_files <pickle of a dict from path to bytes> <folder to write to>
"""

import pickle
import sys
from pathlib import Path


def main() -> None:
    """Writes the files."""
    contents = pickle.loads(Path(sys.argv[1]).read_bytes())
    folder = Path(sys.argv[2])
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
