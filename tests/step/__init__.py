"""Tests of the step player."""
