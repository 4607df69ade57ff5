"""The SOAP channel: GP Web Services (Dynamics GP 2010 to 18), over their legacy endpoint."""

from gp365.connectors.gp.soap.channel import SoapChannel
from gp365.connectors.gp.soap.settings import SoapSettings

__all__ = ["SoapChannel", "SoapSettings"]
