"""Rehearsals: the routing engine on a virtual clock, with chance, files and processes from here."""
