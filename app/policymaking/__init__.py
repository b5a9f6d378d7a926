"""Editing the policy: checked against the staff and the calls there are, versioned, put in force, rolled back."""
