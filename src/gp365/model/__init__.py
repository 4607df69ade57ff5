"""The words of gp365: records, flows, plans, converters, the connector contract and the errors. It imports no other room."""
