"""The command `python -m gp365_sim`: both simulators, their certificate, secrets and settings in one folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from gp365_sim.dataverse.limits import Limits
from gp365_sim.dataverse.organisation import Rules
from gp365_sim.gp.app import Manner
from gp365_sim.gp.profiles import ProfileName
from gp365_sim.gp.site import PatchMode
from gp365_sim.gp.soap.app import SoapManner
from gp365_sim.gp.soap.messages import FaultForm
from gp365_sim.gp.versions import NAMES
from gp365_sim.samples import Samples, fabrikam, generated
from gp365_sim.start import Order, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulators as the command line asks; returns an exit code when they have stopped."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        order = _order(given)
    except ValueError as error:
        parser.error(str(error))
    run(order, _say_ready)
    return 0


def _say_ready(sim_json: Path) -> None:
    try:
        sys.stdout.write(f"ready: {sim_json}\n")
        sys.stdout.flush()
    except OSError:
        # Nobody reads us any more; sim.json says the same.
        return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gp365_sim", description="Simulated Dynamics GP and Dynamics 365 Sales.")
    add = parser.add_argument
    add("--dir", type=Path, required=True, help="project folder to prepare; sim.json in it means ready")
    add("--customers", type=int, help="generate so many GP customers instead of the sample company")
    add("--accounts", type=int, help="generate so many accounts")
    add("--overlap", type=int, default=0, help="how many of the accounts are the same firms as customers")
    add("--seed", type=int, default=0, help="another number gives other generated firms")
    add("--channel", choices=("rest", "sql", "soap"), default="rest", help="how the settings reach GP")
    add("--flows", default="customers", help="flows and groups that the pair runs, by commas")
    add("--parent-pid", type=int, help="stop when this process ends")
    _add_gp(parser)
    _add_dataverse(parser)
    return parser


def _add_gp(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--companies", type=int, choices=(1, 2), default=1, help="companies of GP; 2 adds Fabrikam Canada")
    add("--gp-profile", choices=get_args(ProfileName), default="bare", help="envelope of GP's answers")
    add(
        "--gp-patch", choices=get_args(PatchMode), default="replace", help="fate of fields that a PATCH omits"
    )
    add("--gp-call-seconds", type=float, default=0.0, help="every call takes at least so long")
    add("--gp-modified-filter", action="store_true", help="GP lists understand a ModifiedDate filter")
    add("--gp-no-posting-setup", action="store_true", help="leave SY02300 out, whose columns are assumed")
    add("--gp-version", choices=NAMES, default="2018", help="version that DYNAMICS..DB_Upgrade tells")
    add(
        "--gp-soap-fault", choices=get_args(FaultForm), default="detail", help="where a SOAP fault has its id"
    )
    add(
        "--gp-soap-changes",
        action="store_true",
        help="GP's requester triggers are there: changed keys are listed",
    )


def _add_dataverse(parser: argparse.ArgumentParser) -> None:
    add, normal = parser.add_argument, Limits()
    add("--dataverse-requests", type=int, default=normal.requests, help="requests per user and window")
    add("--dataverse-seconds", type=float, default=normal.seconds, help="execution time per user and window")
    add("--dataverse-concurrent", type=int, default=normal.concurrent, help="requests at the same time")
    add("--dataverse-window", type=float, default=normal.window_s, help="seconds of the sliding window")
    add("--dataverse-request-seconds", type=float, default=normal.request_s, help="counted per request")
    add("--dataverse-row-seconds", type=float, default=normal.row_s, help="counted per row")
    add("--dataverse-written-row-seconds", type=float, default=0.0, help="counted besides per written row")
    add("--dataverse-waited", action="store_true", help="counted execution time is really waited for")
    add("--dataverse-latency", type=float, default=normal.latency_s, help="really waited per request")
    add(
        "--dataverse-key-seconds",
        type=float,
        default=Rules().key_delay_s,
        help="an alternate key's index takes",
    )
    add("--dataverse-dop-hint", type=int, default=normal.dop_hint, help="value of x-ms-dop-hint")


def _order(given: argparse.Namespace) -> Order:
    return Order(
        folder=given.dir,
        samples=_samples(given),
        gp=Manner(
            profile=given.gp_profile,
            patch=given.gp_patch,
            modified_filter=given.gp_modified_filter,
            call_s=given.gp_call_seconds,
            posting_setup=not given.gp_no_posting_setup,
            version=given.gp_version,
        ),
        soap=SoapManner(fault=given.gp_soap_fault, changes=given.gp_soap_changes),
        dataverse=Limits(
            requests=given.dataverse_requests,
            seconds=given.dataverse_seconds,
            concurrent=given.dataverse_concurrent,
            window_s=given.dataverse_window,
            request_s=given.dataverse_request_seconds,
            row_s=given.dataverse_row_seconds,
            latency_s=given.dataverse_latency,
            dop_hint=given.dataverse_dop_hint,
            written_row_s=given.dataverse_written_row_seconds,
            waited=given.dataverse_waited,
        ),
        dataverse_rules=Rules(key_delay_s=given.dataverse_key_seconds),
        companies=given.companies,
        channel=given.channel,
        flows=tuple(given.flows.split(",")),
        parent_pid=given.parent_pid,
    )


def _samples(given: argparse.Namespace) -> Samples:
    if given.customers is None and given.accounts is None:
        return fabrikam()
    return generated(given.customers or 0, given.accounts or 0, given.overlap, given.seed)


if __name__ == "__main__":
    sys.exit(main())
