import {registry} from "@web/core/registry";
import {checkPage} from "@kavi_billing/../tests/tours/portal_accessibility";

const tours = registry.category("web_tour.tours");

// Odoo renders the conversation in a document of its own
const CHAT = "#chatterRoot:shadow";
const row = (text) => `tbody tr:contains("${text}")`;

const accountLink = (href) =>
    `section:has(h2:contains("Journey Rowing Club")) a[href^="${href}"]`;

function follow(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

function choose(method) {
    return [
        {
            content: `By ${method}`,
            trigger: `#pay label:contains("${method}")`,
            run: "click",
        },
        follow("Choose it", "#pay button[type=submit]"),
    ];
}

// Of a company that is billed, its administrator
tours.add("kavi_billing_journey_company_administrator", {
    url: "/my/home",
    steps: () => [
        {
            content: "Some bills are open",
            trigger: "[data-placeholder_count=kavi_open_bill_count]:contains('2')",
        },
        follow("To billing", ".o_portal_index_card a[href='/my/billing']:visible"),
        checkPage("my account"),
        {
            content: "What is to pay",
            trigger: ".o_kavi_billing dd:contains('150.00')",
        },
        {
            content: "Find the bill",
            trigger: "#bills_search",
            run: "edit Sails",
        },
        follow("Search", "form[role=search] button[type=submit]"),
        {
            content: "It is overdue, in words",
            trigger: `${row("New sails")} .badge:contains("Overdue"):visible`,
        },
        follow("Open it", `${row("New sails")} th a`),
        checkPage("a bill"),
        {
            content: "Their PO number",
            trigger: "#purchase_order",
            run: "edit PO-2041",
        },
        follow("Save it", "form[action$='/numbers'] button[type=submit]"),
        {
            content: "It is told that it is saved",
            trigger: "[role=status]:contains('Saved')",
        },
        {
            content: "It is on the bill",
            trigger: ".o_kavi_billing dd:contains('PO-2041')",
        },
        {
            content: "What a wire adds is told before it is chosen",
            trigger: "#pay label:contains('4.00 surcharge'):contains('114.00 in all')",
        },
        ...choose("Wire"),
        {
            content: "The surcharge is part of the total",
            trigger: ".o_kavi_billing dd:contains('114.00')",
        },
        {
            content: "It is told that the method is noted",
            trigger: "[role=status]:contains('method is noted')",
        },
        {
            content: "How to pay",
            trigger: "#pay .o_kavi_instructions:contains('IBAN of the harbor')",
        },
        {
            content: "The bill is pending",
            trigger: ".o_kavi_billing .badge:contains('Pending')",
        },
        checkPage("a bill that is pending", "#pay .o_kavi_instructions"),
        {
            content: "Download the invoice",
            trigger: "a[href$='/invoice?download=1']",
            run: async ({anchor}) => {
                const answer = await fetch(anchor.href);
                const kept = answer.headers.get("Content-Disposition");
                if (!answer.ok || !kept.includes("attachment")) {
                    throw new Error(`No document: ${answer.status}, ${kept}`);
                }
            },
        },
    ],
});

// Without a log-in, by the link in a mail
tours.add("kavi_billing_journey_stranger", {
    steps: () => [
        checkPage("a bill by its link"),
        {
            content: "No numbers to enter here",
            trigger: ".o_kavi_billing:not(:has(#purchase_order))",
        },
        ...choose("Check"),
        {
            content: "How to pay",
            trigger: "#pay .o_kavi_instructions:contains('Payable to the treasurer')",
        },
        ...choose("Wire"),
        {
            content: "Another way to pay",
            trigger: "#pay .o_kavi_instructions:contains('IBAN of the harbor')",
        },
        {
            content: "A question",
            trigger: `${CHAT} .o-mail-Composer-input`,
            run: "edit May I pay in June?",
        },
        {
            content: "Ask it",
            trigger: `${CHAT} .o-mail-Composer-send:enabled`,
            run: "click",
        },
        {
            content: "It is there, and what is noted inside is not",
            trigger: `${CHAT} .o-mail-Thread:contains("May I pay in June?"):not(:contains("Between us"))`,
        },
    ],
});

// Two accounts: one's own and a company's
tours.add("kavi_billing_journey_two_accounts", {
    url: "/my/billing",
    steps: () => [
        {
            content: "Bills of both",
            trigger: `.o_kavi_billing:has(${row("Berth")}):has(${row("New sails")})`,
        },
        follow("Only the company's", accountLink("/my/billing?account=")),
        {
            content: "Not one's own",
            trigger: `.o_kavi_billing:has(${row("Berth")}):not(:has(${row("Own membership")}))`,
        },
        checkPage("the bills of one account"),
        {
            content: "One bill",
            trigger: `${row("Berth")} input[type=checkbox]`,
            run: "click",
        },
        {
            content: "And another one",
            trigger: `${row("New sails")} input[type=checkbox]`,
            run: "click",
        },
        follow("Pay both", "button:contains('Pay the chosen bills')"),
        {
            content: "Both together",
            trigger: "tfoot:contains('150.00')",
        },
        checkPage("paying several bills"),
        ...choose("Check"),
        {
            content: "How to pay",
            trigger: "#pay .o_kavi_instructions:contains('Payable to the treasurer')",
        },
        {
            content: "Both are pending",
            trigger: ".o_kavi_billing tbody tr:eq(1):contains('Pending')",
        },
        follow("Back", "#pay a[href='/my/billing']"),
        follow("What was booked", accountLink("/my/billing/statement")),
        checkPage("a statement"),
        {
            content: "Invoices are there",
            trigger: row("Invoice"),
        },
        follow("Back again", ".breadcrumb a[href='/my/billing']"),
        follow("Credits", accountLink("/my/billing/credits")),
        {
            content: "A credit",
            trigger: row("For the delay"),
        },
        checkPage("credits"),
    ],
});
