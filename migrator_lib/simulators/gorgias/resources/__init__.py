"""What a simulated account holds, a module a resource: its rules, and its endpoints in ``ROUTES``."""
