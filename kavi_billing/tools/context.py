"""What may stand in a context, and what of it goes where.

A context comes from whoever calls: by RPC, in an address, from a form. So a plain key
is for display only. Whatever opens a door is a parameter, or a :class:`Private` value,
which only code of this process can make.

Context keys of the suite, each with a Private value unless it says otherwise:

    kavi_act                  what is written is part of an act whose guard was asked
    kavi_automatic_answer     an answer of the system is posted, no message of a payer
    kavi_application          the application that raises bills or acts on them
    kavi_credit_note          a credit note mirrors posted items: nothing is matched yet
    kavi_ledger_bill          for display: the bill whose part of a document is shown
    kavi_numbers              of a batch that is posted: the formats of its numbers
    kavi_ranks                of a batch that is posted: whose first invoice it is
    kavi_match_amounts        how much of two journal items is matched
    kavi_no_billing_account   contacts made now are no accounts
    kavi_whole_discount       all instalments are paid at once, with the early discount
    kavi_notice_values        what an act has to say in its mails
    kavi_origin               what raises a bill may say that it did
"""

# What bookkeeping may know of its caller: how to speak, the time, and the companies.
_DISPLAY = ("lang", "tz", "allowed_company_ids")


class Private:
    """A value for a context that no caller outside the process can make.

    :ivar value: what is passed on
    """

    __slots__ = ("value",)

    def __init__(self, value=True):
        self.value = value

    def __repr__(self):
        return "<private>"


def private_value(context, key, default=None):
    """What code of this process left under ``key``; the default for anything else."""
    found = context.get(key)
    return found.value if isinstance(found, Private) else default


def bookkeeping_context(context):
    """The part of a caller's context that goes into work done with superuser rights.

    Odoo's own keys change what an entry becomes (``skip_invoice_sync``,
    ``check_move_validity``, ``default_*`` and more): none of them comes from outside.

    :rtype: dict
    """
    return {
        key: value
        for key, value in context.items()
        if key in _DISPLAY or isinstance(value, Private)
    }
