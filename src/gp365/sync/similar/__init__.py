"""Similar records: suggestions for a person, never links. Cards and blocks, the search among them, and what is parked."""
