"""The native endpoint's address, which this simulator only lets be recognised: it wants message security.

Its binding (WSHttpBinding with a secure conversation bootstrapped by SPNEGO) is in the public native WSDL and in the
service's configuration file. The answer to a message without security is WCF's, as far as is known publicly.
"""

from gp365_sim.gp.soap.xmltree import quoted

CONTENT_TYPE = "application/soap+xml; charset=utf-8"
_SPACE = "http://schemas.microsoft.com/dynamics/gp/2010/01"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


def fault() -> str:
    """Write the SOAP 1.2 fault that a message without security gets."""
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code>'
        f'<s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:a="{_SECURITY}">a:InvalidSecurity</s:Value>'
        '</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">An error occurred when verifying security '
        "for the message.</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
    )


def wsdl(address: str) -> str:
    """Write as much of the native WSDL as shows its binding and its policy; it has no operations."""
    policy = (
        '<wsp:Policy wsu:Id="GPWebService_policy"><wsp:ExactlyOne><wsp:All><sp:SymmetricBinding><wsp:Policy>'
        "<sp:ProtectionToken><wsp:Policy><sp:SecureConversationToken><wsp:Policy><sp:RequireDerivedKeys/>"
        "<sp:BootstrapPolicy><wsp:Policy><sp:SymmetricBinding><wsp:Policy><sp:ProtectionToken><wsp:Policy>"
        "<sp:SpnegoContextToken/></wsp:Policy></sp:ProtectionToken></wsp:Policy></sp:SymmetricBinding>"
        "</wsp:Policy></sp:BootstrapPolicy></wsp:Policy></sp:SecureConversationToken></wsp:Policy>"
        "</sp:ProtectionToken></wsp:Policy></sp:SymmetricBinding></wsp:All></wsp:ExactlyOne></wsp:Policy>"
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><wsdl:definitions name="DynamicsGP" targetNamespace="{_SPACE}" '
        f'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="{_SPACE}" '
        'xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" '
        'xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" '
        'xmlns:sp="http://schemas.xmlsoap.org/ws/2005/07/securitypolicy" '
        'xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">'
        f'{policy}<wsdl:portType name="GPWebService"/><wsdl:binding name="GPWebService" type="tns:GPWebService">'
        '<wsp:PolicyReference URI="#GPWebService_policy"/>'
        '<soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/></wsdl:binding>'
        '<wsdl:service name="DynamicsGP"><wsdl:port name="GPWebService" binding="tns:GPWebService">'
        f"<soap12:address location={quoted(address)}/></wsdl:port></wsdl:service></wsdl:definitions>"
    )
