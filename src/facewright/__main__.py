"""`python -m facewright` is the command line."""

import sys

from facewright.cli import main

if __name__ == "__main__":
    sys.exit(main())
