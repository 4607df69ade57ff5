"""Alerts: rules over how everything stands, a memory of what was told, and notices that are kept until they are sent."""
