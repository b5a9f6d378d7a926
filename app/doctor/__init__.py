"""Looks at everything Tierline leans on, and says what to do about each thing that is not well."""
