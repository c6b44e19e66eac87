"""Helpers of several rooms that know nothing about graphs: files, JSON records, progress bars, offline pages."""
