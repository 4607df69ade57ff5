"""The engine: observe, match, plan, apply, in cycles of pages. It knows the contract in `model/`, never a system."""
