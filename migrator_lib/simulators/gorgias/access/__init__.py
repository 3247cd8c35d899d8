"""Who may do what in a simulated account: OAuth2, tokens and the roles of users."""
