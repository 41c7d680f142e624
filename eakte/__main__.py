"""`python -m eakte` is the command `eakte`."""

from eakte.cli import main

if __name__ == "__main__":
    main()
