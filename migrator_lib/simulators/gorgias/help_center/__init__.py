"""The Help Center of a simulated account: the service that clients call, and the product's own importer."""
