"""What a client bought: services, contracts, entitlements."""
