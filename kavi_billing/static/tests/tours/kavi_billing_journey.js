import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

const inState = (state) => `.o_arrow_button_current[data-value=${state}]`;

function press(label) {
    return {
        content: `Press ${label}`,
        trigger: `.o_statusbar_buttons button:enabled:contains("${label}")`,
        run: "click",
    };
}

function fill(field, value) {
    return {
        content: `Enter ${value}`,
        trigger: `.modal .o_field_widget[name=${field}] :is(input, textarea)`,
        run: `edit ${value} && press Tab`,
    };
}

function confirm(action) {
    return {
        content: "Confirm",
        trigger: `.modal button[name=${action}]:enabled`,
        run: "click",
    };
}

function raiseBill(title, amount) {
    return [
        press("Raise a Bill"),
        {
            content: "Say what for",
            trigger: ".o_field_widget[name=title] :is(input, textarea)",
            run: `edit ${title}`,
        },
        {
            content: "Say how much",
            trigger: ".o_field_widget[name=amount] input",
            run: `edit ${amount} && press Tab`,
        },
        {
            content: "The total follows",
            trigger: `.o_field_widget[name=amount_with_surcharge]:contains("${amount}")`,
        },
        press("Issue"),
        {
            content: "The bill is issued and has its ID",
            trigger: `.o_form_view:has(${inState("new")}) [name=name]:contains("-0")`,
        },
    ];
}

tours.add("kavi_billing_journey_officer", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps("kavi_billing.menu_billing_root", "Open Billing"),
        {
            content: "Look at the accounts",
            trigger: "[data-menu-xmlid='kavi_billing.menu_accounts']",
            run: "click",
        },
        {
            content: "Whoever has none yet",
            trigger: "[data-menu-xmlid='kavi_billing.menu_accounts_open']",
            run: "click",
        },
        {
            content: "Open an account for the club",
            trigger:
                ".o_data_row:contains('Journey Sailing Club') button[name=action_open_billing_account]",
            run: "click",
        },
        {
            content: "Its page says that nothing is due",
            trigger: ".o_field_widget[name=billing_balance]:contains('0.00')",
        },
        ...raiseBill("Harbor fees", "150.00"),
        press("Choose Method"),
        {
            content: "They will send a check",
            trigger:
                ".modal .o_field_widget[name=method_id] .o_radio_item:contains('Check') input",
            run: "click",
        },
        {
            content: "Choose it",
            trigger: ".modal button[name=action_choose_method]",
            run: "click",
        },
        {
            content: "The bill waits for the check",
            trigger: `.o_form_view:has(${inState("pending")}) [name=payment_method_id]:contains("Check")`,
        },
        press("Complete Payment"),
        {
            content: "The check is here: enter its number",
            trigger: ".modal .o_field_widget[name=payment_number] input",
            run: "edit 4711",
        },
        {
            content: "The money is booked",
            trigger: ".modal button[name=action_complete_payment]",
            run: "click",
        },
        {
            content: "The bill is paid, the number is kept",
            trigger: `.o_form_view:has(${inState("paid")}) [name=payment_number]:contains("4711")`,
        },
        {
            content: "Back to the account",
            trigger: "button[name=action_open_account]",
            run: "click",
        },
        {
            content: "Nothing is due",
            trigger:
                ".o_form_view:has(.o_data_row:contains('Harbor fees'):contains('Paid')) [name=billing_balance]:contains('0.00')",
        },
    ],
});

tours.add("kavi_billing_journey_accountant", {
    steps: () => [
        {
            content: "The bill leads to its entries",
            trigger: "button[name=action_open_entries]",
            run: "click",
        },
        {
            content: "Invoice and payment are there",
            trigger: ".o_list_view .o_group_name:contains('INV')",
        },
        {
            content: "Open the entry",
            trigger: ".o_data_row .o_data_cell[name=move_name] a, .o_data_row a",
            run: "click",
        },
        {
            content: "It is posted, and leads back to the bill",
            trigger: "button[name=action_open_kavi_bill]",
            run: "click",
        },
        {
            content: "The bill again",
            trigger: `.o_form_view ${inState("paid")}`,
        },
    ],
});

const shows = (field, text) => `[name=${field}]:contains("${text}")`;

tours.add("kavi_billing_journey_acts", {
    steps: () => [
        // a part
        press("Complete Payment"),
        fill("amount", "60.00"),
        {
            content: "What becomes of the rest is said",
            trigger: ".modal .o_field_widget[name=hint]:contains('90.00 stays due')",
        },
        {
            content: "By check",
            trigger:
                ".modal .o_field_widget[name=method_id] .o_radio_item:contains('Check') input",
            run: "click",
        },
        fill("payment_number", "4712"),
        confirm("action_complete_payment"),
        {
            content: "The bill is partly paid",
            trigger: ".o_form_view:not(:has(.modal)) .badge:contains('Partly Paid')",
        },
        {
            content: "The rest is due",
            trigger: `.o_form_view ${shows("amount_to_pay", "90.00")}`,
        },
        // the rest
        press("Complete Payment"),
        {
            content: "The rest is suggested",
            trigger: ".modal .o_field_widget[name=amount_due]:contains('90.00')",
        },
        {
            content: "By wire",
            trigger:
                ".modal .o_field_widget[name=method_id] .o_radio_item:contains('Wire') input",
            run: "click",
        },
        confirm("action_complete_payment"),
        {
            content: "The bill is paid",
            trigger: `.o_form_view ${inState("paid")}`,
        },
        // a refund of a part
        press("Refund"),
        fill("amount", "50.00"),
        {
            content: "What is kept is said",
            trigger: ".modal .o_field_widget[name=amount_left]:contains('100.00')",
        },
        fill("reason", "Came a day late"),
        confirm("action_refund"),
        {
            content: "The bill is refunded, in part",
            trigger: `.o_form_view:has(${inState("refunded")}) ${shows("refund_amount", "50.00")}`,
        },
        {
            content: "Its documents in accounting",
            trigger: ".o_notebook .nav-link:contains('Accounting')",
            run: "click",
        },
        {
            content: "Invoice, two payments, credit note, refund",
            trigger:
                ".o_field_widget[name=document_ids]:has(.o_data_row:nth-child(5)) .o_data_row:contains('Credit Note')",
        },
        // the end of it
        press("Cancel Bill"),
        {
            content: "All that is left is suggested; keep a fee",
            trigger: ".modal .o_field_widget[name=amount_retained]:contains('100.00')",
        },
        fill("refund_amount", "80.00"),
        fill("reason", "Sold the boat"),
        confirm("action_cancel_bills"),
        {
            content: "The bill is canceled",
            trigger: `.o_form_view:has(${inState("canceled")}) ${shows("cancel_reason", "Sold the boat")}`,
        },
        // another bill of the same account
        {
            content: "To the account",
            trigger: "button[name=action_open_account]",
            run: "click",
        },
        {
            content: "Its other bill",
            trigger:
                ".o_data_row:contains('Winter storage') button[name=get_formview_action]",
            run: "click",
        },
        press("Dispute"),
        fill("reason", "It stood outside"),
        confirm("action_dispute"),
        {
            content: "It is in dispute",
            trigger: ".o_form_view .badge:contains('In Dispute')",
        },
        {
            content: "Give them time",
            trigger: "button[name=action_postpone]:enabled",
            run: "click",
        },
        fill("date", "12/31/2099"),
        confirm("action_postpone"),
        {
            content: "It is due later",
            trigger:
                ".o_form_view:not(:has(.modal)) .o_field_widget[name=due_date]:contains('2099')",
        },
        press("Resolve Dispute"),
        confirm("action_resolve_dispute"),
        {
            content: "It no longer is",
            trigger: ".o_form_view:not(:has(.badge:contains('In Dispute')))",
        },
        {
            content: "One bill, half as much",
            trigger: "button[name=action_change_amount]:enabled",
            run: "click",
        },
        {
            content: "Its line",
            trigger:
                ".modal .o_field_widget[name=line_ids] .o_data_cell[name=price_unit]",
            run: "click",
        },
        {
            content: "Half of it",
            trigger:
                ".modal .o_field_widget[name=line_ids] .o_field_widget[name=price_unit] input",
            run: "edit 40.00 && press Tab",
        },
        {
            content: "The new total",
            trigger: ".modal .o_field_widget[name=amount_total]:contains('40.00')",
        },
        confirm("action_change_amount"),
        {
            content: "That much is due",
            trigger: `.o_form_view:not(:has(.modal)) ${shows("amount_to_pay", "40.00")}`,
        },
    ],
});

function switchTo(type, there) {
    return [
        {
            content: `Switch to ${type}`,
            trigger: `.o_switch_view.o_${type}`,
            run: "click",
        },
        {content: `See the ${type} view`, trigger: there},
    ];
}

tours.add("kavi_billing_journey_views", {
    url: "/odoo/kavi-bills",
    steps: () => [
        {content: "The list", trigger: ".o_list_view .o_data_row"},
        ...switchTo("kanban", ".o_kanban_view .o_kanban_record:not(.o_kanban_ghost)"),
        ...switchTo("calendar", ".o_calendar_view .fc-daygrid-day"),
        ...switchTo("pivot", ".o_pivot_view .o_pivot_cell_value"),
        ...switchTo("graph", ".o_graph_view canvas"),
        ...switchTo("activity", ".o_activity_view"),
        ...switchTo("list", ".o_list_view .o_data_row"),
        {
            content: "Open the filters",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "What is overdue",
            trigger: ".o_filter_menu .o_menu_item:contains('Overdue')",
            run: "click",
        },
        {
            content: "Only that is left",
            trigger: ".o_list_view .o_data_row .text-bg-danger:contains('Overdue')",
        },
        {
            content: "Go to the accounts",
            trigger: "[data-menu-xmlid='kavi_billing.menu_accounts']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='kavi_billing.menu_accounts_all']",
            run: "click",
        },
        {trigger: ".o_list_view .o_data_cell[name=billing_balance]"},
        ...switchTo("kanban", ".o_kanban_view .o_kanban_record:not(.o_kanban_ghost)"),
        {
            content: "Go to the configuration",
            trigger: "[data-menu-xmlid='kavi_billing.menu_configuration']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='kavi_billing.menu_payment_methods']",
            run: "click",
        },
        {
            trigger:
                ".o_list_view .o_data_row:contains('Check') .o_data_cell[name=name]",
            run: "click",
        },
        {trigger: ".o_form_view .o_field_widget[name=instructions]"},
        {
            trigger: "[data-menu-xmlid='kavi_billing.menu_configuration']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='kavi_billing.menu_bill_kinds']",
            run: "click",
        },
        {trigger: ".o_list_view .o_breadcrumb:contains('Bill Kinds')"},
        {
            trigger: "[data-menu-xmlid='kavi_billing.menu_configuration']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='kavi_billing.menu_settings']",
            run: "click",
        },
        {
            content: "The settings, at the right page",
            trigger:
                ".app_settings_block[data-key=kavi_billing] [name=billing_id_template]",
        },
    ],
});

tours.add("kavi_billing_journey_phone", {
    steps: () => [
        {
            content: "Accounts are cards; open the club's",
            trigger: ".o_kanban_record:contains('Journey Sailing Club')",
            run: "click",
        },
        ...raiseBill("Lift-out", "80.00"),
        {
            content: "Back",
            trigger: ".o_breadcrumb .o_back_button, .o_back_button",
            run: "click",
        },
        {
            content: "The account's bills are cards as well",
            trigger:
                ".o_field_widget[name=bill_ids] .o_kanban_record:contains('Lift-out')",
        },
    ],
});
