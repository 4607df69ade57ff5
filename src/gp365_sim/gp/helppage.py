"""The service's help page: what is served, as a person sees it in a browser.

The address is documented (web-components pages of MicrosoftDocs); what the page looks like is not, so this one is ours.
"""

from html import escape

from gp365_sim.gp.resources import Resource, catalogue


def help_page(tenant: str) -> str:
    """Write the page as HTML: a row per resource with its address and verbs."""
    base = f"/GPService/Tenants({tenant})/Companies"
    rows = [
        _row(base, "GET"),
        *(line for each in catalogue().resources.values() for line in _rows(base, each)),
    ]
    return (
        "<!DOCTYPE html><html><head><title>GP Service help</title></head><body>"
        f"<h1>Tenant {escape(tenant)}</h1><table><tr><th>Address</th><th>Method</th></tr>{''.join(rows)}</table>"
        "</body></html>"
    )


def _rows(base: str, resource: Resource) -> list[str]:
    path = f"{base}({{CompanyName}})/{resource.path}"
    keyed = f"{path}({';'.join('{' + name + '}' for name in resource.key_fields)})"
    return [_row(path if verb == "POST" else keyed, verb) for verb in resource.verbs] + [_row(path, "GET")]


def _row(path: str, verb: str) -> str:
    return f"<tr><td>{escape(path)}</td><td>{verb}</td></tr>"
