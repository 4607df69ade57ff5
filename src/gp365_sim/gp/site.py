"""A GP site as the service sees it: one tenant, its companies by display name, and how this installation answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gp365_sim.gp.addresses import Segment
from gp365_sim.gp.company import Company
from gp365_sim.gp.profiles import Profile
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.resources import Resource, catalogue
from gp365_sim.gp.security import Security
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.users import User

PatchMode = Literal["replace", "merge"]


@dataclass(frozen=True)
class Answering:
    """How this installation answers where the public record is silent: all assumed, so all selectable.

    `patch`: what happens to fields that a PATCH leaves out, `replace` empties them, `merge` keeps them. `padded`: texts
    come with the blanks of their char columns. `modified_filter`: lists understand `$filter=ModifiedDate ge …`.
    """

    profile: Profile
    patch: PatchMode = "replace"
    padded: bool = True
    modified_filter: bool = False


@dataclass(frozen=True)
class Site:
    """One tenant with its companies; names are compared without case, as SQL Server does.

    `security` holds the role filters by the name of the company's database, `system` is the database DYNAMICS.
    """

    tenant: str
    companies: Mapping[str, Company]
    answering: Answering
    security: Mapping[str, Security]
    system: SystemDatabase

    def check_tenant(self, segment: Segment) -> None:
        """Refuse a path that does not name this tenant (`DefaultTenant` in single-tenant installations)."""
        if segment.name.lower() != "tenants" or segment.whole_key.lower() != self.tenant.lower():
            raise Refusal("TenantNotFound", f"Tenant {segment.whole_key} is not known.")

    def company(self, name: str, user: User) -> Company:
        """Find a company by its display name, with or without capitals, if the user may enter it."""
        found = self.companies.get(name.casefold())
        if found is None:
            raise Refusal("CompanyNotFound", f"Company {name} is not known.")
        if not user.may_enter(found.identity.name):
            raise Refusal("AccessDenied", f"The user has no access to company {found.identity.name}.")
        return found


def resource_at(path: list[Segment]) -> Resource:
    """Find the resource that the segments after the company name.

    A third-party product puts its own name before the series (seen in public code: `PostingServices/System/Batches`);
    no such product is installed here, which is told apart from an unknown resource.
    """
    names = [segment.name for segment in path]
    spoken = "/".join(names)
    found = catalogue().resources.get(spoken.lower())
    if any(segment.key is not None or segment.json for segment in path[:-1]):
        raise Refusal("ResourceNotFound", f"{spoken} is not a resource.")
    if found is not None:
        return found
    if catalogue().knows(spoken):
        raise Refusal("NotModelled", f"{spoken} is a published resource that this simulator does not model.")
    if len(names) > 2 and names[0].lower() not in catalogue().series:
        raise Refusal("ProductNotFound", f"Product {names[0]} is not installed.")
    raise Refusal("ResourceNotFound", f"{spoken} is not a resource.")
