"""Tests of the pictures and explanations."""
