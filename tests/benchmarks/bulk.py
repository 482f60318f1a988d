"""Many bills at once, for benchmarks that only read."""

from odoo.tools import SQL


def make_accounts(env, number, prefix):
    return env["res.partner"].create(
        [{"name": f"{prefix} {index:05}"} for index in range(number)]
    )


def make_bills(env, accounts, number, prefix):
    """Insert ``number`` issued bills for ``accounts``, straight into the table.

    Reading is measured, so no entries are made: every tenth bill is open, every
    thirtieth overdue, the others are paid.
    """
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            INSERT INTO kavi_bill (
                name, title, partner_id, company_id, currency_id, created_by, state,
                bill_date, due_date, next_due_date, is_posted, is_partly_paid,
                amount_untaxed, amount_tax, amount_total, amount_paid,
                amount_credited, amount_due, amount_due_company, refund_amount,
                amount_retained, create_uid, create_date, write_uid, write_date
            )
            SELECT %(prefix)s || n, 'Benchmark', (%(accounts)s)[1 + n %% %(size)s],
                   %(company)s, %(currency)s, 'Benchmark',
                   CASE WHEN (n + n / 1000) %% 10 = 0 THEN 'new' ELSE 'paid' END,
                   CURRENT_DATE - 100, CURRENT_DATE + 20,
                   CASE WHEN (n + n / 1000) %% 30 = 0 THEN CURRENT_DATE - 70
                        WHEN (n + n / 1000) %% 10 = 0 THEN CURRENT_DATE + 20 END,
                   TRUE, FALSE, 100, 0, 100,
                   CASE WHEN (n + n / 1000) %% 10 = 0 THEN 0 ELSE 100 END, 0,
                   CASE WHEN (n + n / 1000) %% 10 = 0 THEN 100 ELSE 0 END,
                   CASE WHEN (n + n / 1000) %% 10 = 0 THEN 100 ELSE 0 END, 0,
                   CASE WHEN (n + n / 1000) %% 10 = 0 THEN 0 ELSE 100 END,
                   %(user)s, NOW(), %(user)s, NOW()
              FROM GENERATE_SERIES(1, %(number)s) AS n
            """,
            accounts=accounts.ids,
            size=len(accounts),
            company=env.company.id,
            currency=env.company.currency_id.id,
            user=env.uid,
            number=number,
            prefix=prefix,
        )
    )
    env.cr.execute("ANALYZE kavi_bill")
    env.invalidate_all()
