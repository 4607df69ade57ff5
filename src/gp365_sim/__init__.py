"""Simulators of Microsoft Dynamics GP and Microsoft Dataverse that behave like the wire, for trying gp365 out and for its tests."""
