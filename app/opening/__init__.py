"""Supervisors close lines and open them again."""
