"""gp365 keeps Microsoft Dynamics GP and Microsoft Dynamics 365 in step, in both directions."""

__version__ = "0.1.0"
