"""The wire: HTTP, Windows authentication, OAuth, OData and throttling; retries in seconds live here and nowhere else."""
