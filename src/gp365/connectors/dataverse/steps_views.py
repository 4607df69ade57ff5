"""The steps that make views and quick-view forms of ours, and that place a section of ours on forms of the site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from gp365.connectors.dataverse import forms
from gp365.connectors.dataverse.own import Blueprint, OwnPlace, OwnQuickView, OwnView
from gp365.connectors.dataverse.site import IN_SOLUTION, Site
from gp365.connectors.dataverse.views import view_body, view_id
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work

FORMS, VIEWS = "systemforms", "savedqueries"


@dataclass(frozen=True, slots=True)
class SiteForm:
    """A main form that the site uses."""

    id: str
    name: str
    xml: str


# views


def view_work(view: OwnView) -> Work:
    """Make a public view; what a site has made of it since is the site's."""
    title = f"View '{view.name}' of {view.table}"
    return Work(f"view:{view.table}.{view.name}", title, partial(_look_view, view), partial(_make_view, view))


def view_stands(site: Site, view: OwnView) -> bool:
    """Say whether a view of ours stands, published or not."""
    return bool(site.drafts(VIEWS, "savedqueryid", f"savedqueryid eq {view_id(view)}"))


def _look_view(view: OwnView, site: Site) -> Looked:
    if site.table(view.table) is None:
        return MAKE
    return PRESENT if view_stands(site, view) else MAKE


def _make_view(view: OwnView, site: Site) -> None:
    table = site.table(view.table)
    assert table is not None  # made before, or the platform's
    body = view_body(view, table)
    site.write(lambda: site.api.post(VIEWS, body, IN_SOLUTION), lambda: view_stands(site, view), view.table)


# quick views


def quick_view_work(view: OwnQuickView) -> Work:
    """Make a quick-view form; what a site has made of it since is the site's."""
    title = f"Quick view form '{view.name}' of {view.table}"
    id_ = f"quick-view:{view.table}.{view.name}"
    return Work(id_, title, partial(_look_quick_view, view), partial(_make_quick_view, view))


def quick_view_stands(site: Site, view: OwnQuickView) -> bool:
    """Say whether a quick-view form of ours stands, published or not."""
    return bool(site.drafts(FORMS, "formid", f"formid eq {forms.quick_view_id(view)}"))


def _look_quick_view(view: OwnQuickView, site: Site) -> Looked:
    return PRESENT if quick_view_stands(site, view) else MAKE


def _make_quick_view(view: OwnQuickView, site: Site) -> None:
    table = site.table(view.table)
    assert table is not None
    body = forms.quick_view_body(view, table, site.labels(view.table), site.language())
    site.write(
        lambda: site.api.post(FORMS, body, IN_SOLUTION), lambda: quick_view_stands(site, view), view.table
    )


# places on forms of the site


def place_work(site: Site, parts: Blueprint) -> Iterator[Work]:
    """Give a step for each main form that can take a section of ours."""
    for view in parts.quick_views:
        for place in view.places:
            for form in main_forms(site, place.table):
                if not place.lookup or forms.shows(form.xml, place.lookup):
                    yield _place_work(view, place, form)


def main_forms(site: Site, table: str) -> list[SiteForm]:
    """Return the active main forms of a table, as they stand now."""
    filter_ = f"objecttypecode eq '{table}' and type eq {forms.MAIN} and formactivationstate eq 1"
    rows = site.drafts(FORMS, "formid,name,formxml", filter_)
    found = [SiteForm(str(row["formid"]), str(row["name"]), str(row["formxml"])) for row in rows]
    return sorted(found, key=lambda form: (form.name, form.id))


def _place_work(view: OwnQuickView, place: OwnPlace, form: SiteForm) -> Work:
    title = f"Section '{view.name}' on the form '{form.name}' of {place.table}"
    id_ = f"place:{place.table}.{form.id}"
    return Work(id_, title, partial(_look_placed, form), partial(_make_placed, view, place, form))


def _now(site: Site, form: SiteForm) -> str:
    rows = site.drafts(FORMS, "formxml", f"formid eq {form.id}")
    return str(rows[0]["formxml"]) if rows else ""


def _look_placed(form: SiteForm, site: Site) -> Looked:
    xml = _now(site, form)
    if xml and forms.has_section(xml):
        return PRESENT
    if not xml or forms.with_section(xml, "") is None:
        return "differs", "its first tab has no place for a section"
    return MAKE


def _make_placed(view: OwnQuickView, place: OwnPlace, form: SiteForm, site: Site) -> None:
    table = site.table(view.table)
    assert table is not None
    section = forms.placed_section(view, place, form.id, table, site.labels(view.table), site.language())
    xml = forms.with_section(_now(site, form), section)
    assert xml is not None
    # Not in our solution: the form is the site's, and an export of ours must not carry it away.
    site.write(
        lambda: site.api.patch(f"{FORMS}({form.id})", {"formxml": xml}, {"If-Match": "*"}),
        lambda: forms.has_section(_now(site, form)),
        place.table,
    )


def how_to_place(views: Iterable[OwnQuickView]) -> Iterator[str]:
    """Say how a person places a quick view, or lets gp365 do it."""
    for view in views:
        where = ", ".join(
            f"{place.table} ({place.lookup})" if place.lookup else place.table for place in view.places
        )
        yield (
            f"The quick view form '{view.name}' stands on no form of yours yet: place it in the form designer "
            f"(Components, Quick view) on {where}, or run `gp365 provision apply --place-forms`, which adds one section "
            "to the main forms that show the lookup, and to no other."
        )


# taking away


def unplace(site: Site, table: str) -> list[str]:
    """Take our section out of every main form of a table; return the names of those that had one."""
    changed: list[str] = []
    for form in main_forms(site, table):
        if forms.has_section(form.xml):
            xml = forms.without_section(form.xml)
            site.api.patch(f"{FORMS}({form.id})", {"formxml": xml}, {"If-Match": "*"})
            changed.append(form.name)
    return changed
