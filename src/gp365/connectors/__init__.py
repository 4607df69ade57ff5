"""One system each: connectors that keep the contract of the model, unaware of each other and of the engine."""
