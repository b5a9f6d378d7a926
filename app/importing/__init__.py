"""Clients from the company's CRM: a CSV file, read as it comes, stored whole or not at all."""
