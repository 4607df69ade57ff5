"""Which function does the work of which procedure."""

from collections.abc import Callable, Mapping
from functools import cache

from gp365_sim.gp.econnect import accounts, addresses, classes, customers
from gp365_sim.gp.econnect.call import Call


@cache
def procedures() -> Mapping[str, Callable[[Call], None]]:
    """Give the work of every procedure by its name."""
    return {
        "taUpdateCreateCustomerRcd": customers.update_create_customer,
        "taCreateCustomerAddress": addresses.create_customer_address,
        "taCreateInternetAddresses": addresses.create_internet_addresses,
        "taDeleteCustomerAddress": addresses.delete_customer_address,
        "taCreateCustomerClass": classes.create_customer_class,
        "taUpdateCreateAccountRcd": accounts.update_create_account,
    }
