"""Which function does the work of which procedure."""

from collections.abc import Callable, Mapping
from functools import cache

from gp365_sim.gp.econnect import (
    accounts,
    addresses,
    batches,
    classes,
    customers,
    items,
    journals,
    numbers,
    orders,
    receivables,
    sales_accounts,
    sales_ends,
    sales_headers,
    sales_lines,
    sales_parts,
    vendors,
)
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
        "taCreateUpdateBatchHeaderRcd": batches.create_update_batch,
        "taSopLineIvcInsert": sales_lines.insert_line,
        "taSopHdrIvcInsert": sales_headers.insert_header,
        "taSopDistribution": sales_accounts.insert_distribution,
        "taSopUserDefined": sales_parts.write_user_defined,
        "taCreateSopPaymentInsertRecord": sales_parts.insert_payment,
        "taSopUpdateCreateProcessHold": sales_parts.hold,
        "taSopDeleteDocument": sales_ends.delete_document,
        "taSopVoidDocument": sales_ends.void_document,
        "taRMTransaction": receivables.insert_transaction,
        "taRMDistribution": receivables.insert_distribution,
        "taRMCashReceiptInsert": receivables.insert_receipt,
        "taRMApply": receivables.apply,
        "taRMVoidTransaction": receivables.void_transaction,
        "taUpdateCreateVendorRcd": vendors.update_create_vendor,
        "taCreateVendorAddress": vendors.create_vendor_address,
        "taPoLine": orders.insert_line,
        "taPoHdr": orders.insert_header,
        "taGLTransactionLineInsert": journals.insert_line,
        "taGLTransactionHeaderInsert": journals.insert_header,
        "taUpdateCreateItemRcd": items.update_create_item,
        "taItemSite": items.item_site,
        "taIVCreateItemPriceListHeader": items.price_list_header,
        "taIVCreateItemPriceListLine": items.price_list_line,
        "taGetSopNumber": numbers.get_sop_number,
        "taGetPaymentNumber": numbers.get_payment_number,
        "taGetNextJournalEntry": numbers.get_next_journal_entry,
        "taGetPONextNumber": numbers.get_po_number,
        "taGetPMNextVoucherNumber": numbers.get_voucher_number,
        "taGetIvNumber": numbers.get_stock_number,
    }
