"""
Run `python -m livekit_conformance.cli`, for use if no script of that name is on PATH.
"""

import sys

from livekit_conformance.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
