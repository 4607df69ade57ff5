"""The SOAP view of the simulated GP: the legacy endpoint of GP Web Services over the company databases."""
