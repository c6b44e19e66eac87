"""Tests of `find_nan`."""
