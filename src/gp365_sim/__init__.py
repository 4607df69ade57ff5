"""Simulators of Microsoft Dynamics GP and Dataverse that behave like the wire, for trials and for tests."""
