"""Tests of `gradcheck` and of finite differences, among them the bug zoo."""
