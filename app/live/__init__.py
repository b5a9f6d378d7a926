"""`/live`: what browsers see, as it happens. A thin shell around `screenpop`."""
