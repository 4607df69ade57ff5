"""The WSDL of the legacy endpoint, made from the same types and operations that requests are checked against."""

from collections.abc import Sequence
from functools import cache

from gp365_sim.gp.soap.schema import (
    GP,
    GUIDS,
    PLAIN,
    REFERENCES,
    SPACES,
    Complex,
    Enumeration,
    Field,
    Operation,
    operations,
    schema,
)
from gp365_sim.gp.soap.xmltree import quoted

PREFIXES = {SPACES["gp"]: "tns", SPACES["dynamics"]: "d", SPACES["security"]: "r"}
_GUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_POLICY = """<wsp:Policy wsu:Id="LegacyDynamicsGP_policy"><wsp:ExactlyOne><wsp:All>\
<http:NtlmAuthentication xmlns:http="http://schemas.microsoft.com/ws/06/2004/policy/http"/>\
</wsp:All></wsp:ExactlyOne></wsp:Policy>"""


def wsdl(address: str) -> str:
    """Write the WSDL for the address under which the caller sees the service.

    Service, port and port type are called DynamicsGP and LegacyDynamicsGP as in the public legacy WSDL; it declares no
    faults.
    """
    return _before() + f"<wsdl:service name=\"DynamicsGP\"><wsdl:port name=\"LegacyDynamicsGP\" " \
        f'binding="tns:LegacyDynamicsGP"><soap:address location={quoted(address)}/></wsdl:port></wsdl:service>' \
        "</wsdl:definitions>"  # fmt: skip


@cache
def _before() -> str:
    head = (
        f'<?xml version="1.0" encoding="utf-8"?><wsdl:definitions name="DynamicsGP" targetNamespace="{GP}" '
        'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        'xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" '
        'xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" '
        f'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:guid="{GUIDS}" '
        + " ".join(f'xmlns:{prefix}="{space}"' for space, prefix in PREFIXES.items())
        + ">"
    )
    known = list(operations().values())
    return head + _POLICY + _types(known) + _messages(known) + _port_type(known) + _binding(known)


def _types(known: Sequence[Operation]) -> str:
    wrappers = "".join(_wrappers(each) for each in known)
    found = [_schema(space, wrappers if space == GP else "") for space in PREFIXES]
    guid = f'<xs:simpleType name="guid"><xs:restriction base="xs:string"><xs:pattern value="{_GUID}"/>'
    found.append(
        f'<xs:schema elementFormDefault="qualified" targetNamespace="{GUIDS}">{guid}'
        "</xs:restriction></xs:simpleType></xs:schema>"
    )
    return f"<wsdl:types>{''.join(found)}</wsdl:types>"


def _schema(space: str, elements: str) -> str:
    others = [each for each in (*PREFIXES, GUIDS) if each != space]
    imports = "".join(f'<xs:import namespace="{each}"/>' for each in others)
    kept = schema()
    types = [_enumeration(each) for each in kept.enums.values() if each.space == space]
    types += [_complex(each) for each in kept.complex.values() if each.space == space]
    return (
        f'<xs:schema elementFormDefault="qualified" targetNamespace="{space}">'
        f"{imports}{elements}{''.join(types)}</xs:schema>"
    )


def _wrappers(each: Operation) -> str:
    inner = "".join(_element(_parameter(*parameter)) for parameter in each.parameters)
    result = _element(Field(f"{each.name}Result", each.result, "ref", GP)) if each.result else ""
    return _wrapper(each.name, inner) + _wrapper(f"{each.name}Response", result)


def _parameter(name: str, type_name: str) -> Field:
    value = type_name in schema().enums or (type_name in PLAIN and type_name not in REFERENCES)
    return Field(name, type_name, "value" if value else "ref", GP)


def _wrapper(name: str, inner: str) -> str:
    return f'<xs:element name="{name}"><xs:complexType><xs:sequence>{inner}</xs:sequence></xs:complexType></xs:element>'


def _complex(each: Complex) -> str:
    inner = _content(each)
    abstract = ' abstract="true"' if each.abstract else ""
    if each.base:
        base = f"{PREFIXES[schema().space_of(each.base)]}:{each.base}"
        inner = f'<xs:complexContent><xs:extension base="{base}">{inner}</xs:extension></xs:complexContent>'
    return f'<xs:complexType name="{each.name}"{abstract}>{inner}</xs:complexType>'


def _content(each: Complex) -> str:
    choices = "".join(_element(field) for field in each.own if field.kind == "choice")
    others = "".join(_element(field) for field in each.own if field.kind != "choice")
    choice = f'<xs:choice minOccurs="1" maxOccurs="1">{choices}</xs:choice>' if choices else ""
    return f"<xs:sequence>{choice}{others}</xs:sequence>"


def _element(field: Field) -> str:
    named = f'name="{field.name}" type="{_type(field.type)}"'
    match field.kind:
        case "choice" if field.type in schema().complex:
            return f'<xs:element minOccurs="0" maxOccurs="1" {named}/>'
        case "ref":
            return f'<xs:element minOccurs="0" maxOccurs="1" {named}/>'
        case "value" | "choice":
            return f'<xs:element minOccurs="1" maxOccurs="1" {named}/>'
        case "value?":
            return f'<xs:element minOccurs="1" maxOccurs="1" nillable="true" {named}/>'
        case "list":
            return f'<xs:element minOccurs="0" maxOccurs="unbounded" nillable="true" {named}/>'


def _type(name: str) -> str:
    if name == "guid":
        return "guid:guid"
    return f"xs:{name}" if name in PLAIN else f"{PREFIXES[schema().space_of(name)]}:{name}"


def _enumeration(each: Enumeration) -> str:
    values = "".join(f"<xs:enumeration value={quoted(value)}/>" for value in each.values)
    simple = f'<xs:restriction base="xs:string">{values}</xs:restriction>'
    if each.many:
        simple = f"<xs:list><xs:simpleType>{simple}</xs:simpleType></xs:list>"
    return f'<xs:simpleType name="{each.name}">{simple}</xs:simpleType>'


def _messages(known: Sequence[Operation]) -> str:
    return "".join(
        f'<wsdl:message name="{each.name}Soap{way}"><wsdl:part name="parameters" '
        f'element="tns:{each.name}{suffix}"/></wsdl:message>'
        for each in known
        for way, suffix in (("In", ""), ("Out", "Response"))
    )


def _port_type(known: Sequence[Operation]) -> str:
    inner = "".join(
        f'<wsdl:operation name="{each.name}"><wsdl:input message="tns:{each.name}SoapIn"/>'
        f'<wsdl:output message="tns:{each.name}SoapOut"/></wsdl:operation>'
        for each in known
    )
    return f'<wsdl:portType name="LegacyDynamicsGP">{inner}</wsdl:portType>'


def _binding(known: Sequence[Operation]) -> str:
    body = '<soap:body use="literal"/>'
    inner = "".join(
        f'<wsdl:operation name="{each.name}"><soap:operation soapAction="{each.action}" style="document"/>'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output></wsdl:operation>"
        for each in known
    )
    return (
        '<wsdl:binding name="LegacyDynamicsGP" type="tns:LegacyDynamicsGP">'
        '<wsp:PolicyReference URI="#LegacyDynamicsGP_policy"/>'
        f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>{inner}</wsdl:binding>'
    )
