"""The SQL view of the simulated GP: T-SQL over the company databases, sessions with locks, and the server for both."""
