#!/usr/bin/env python3
"""Measures Sluice beside nginx, HAProxy and Envoy. See docs/performance.md, and `bench.py --help`."""

import sys

if sys.version_info < (3, 9):
    sys.exit("bench: needs Python 3.9 or later")

from bench.main import main

if __name__ == "__main__":
    sys.exit(main())
