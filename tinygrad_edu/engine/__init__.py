"""The engine: everything that records and differentiates."""
