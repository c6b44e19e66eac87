"""Helpers of several rooms that know nothing about graphs: files, formats, JSON records, notebooks, progress bars."""
