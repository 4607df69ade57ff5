"""A simulated Dynamics 365 Sales organisation: the Dataverse Web API v9.2 in memory."""
