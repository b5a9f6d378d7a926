"""The administrator's rules, versioned."""
