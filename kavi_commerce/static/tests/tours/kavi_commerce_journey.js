import {checkPage} from "@kavi_billing/../tests/tours/portal_accessibility";
import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const PAID = ".o_kavi_billing .badge:contains('Paid')";
const row = (text) => `tbody tr:contains("${text}")`;

function follow(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

const payByCard = (amount) =>
    follow(`Pay ${amount} by card`, `#pay a:contains("${amount}"):contains("by card")`);

// On the gateway's page, the test acts for the payer
const toGateway = follow("To the gateway", "form button[type=submit]");

const receipt = {
    content: "The receipt is there",
    trigger: "a[href*='/receipt'][href*='download=1']",
    run: async ({anchor}) => {
        const answer = await fetch(anchor.href);
        if (!answer.ok || answer.headers.get("Content-Type") !== "application/pdf") {
            throw new Error(`No receipt: ${answer.status}`);
        }
    },
};

// By the link in a mail, with a surcharge of 3
tours.add("kavi_commerce_journey_link", {
    steps: () => [
        payByCard("103.00"),
        {
            content: "What it comes to",
            trigger: `table:has(${row("Surcharge")}:contains("3.00")) tfoot:contains("103.00")`,
        },
        {
            content: "Nothing of the gateway's runs here",
            trigger: "body",
            run: () => {
                const scripts = [...document.scripts].filter(
                    ({src}) => src && new URL(src).origin !== location.origin
                );
                if (scripts.length) {
                    throw new Error(`Others' scripts: ${scripts[0].src}`);
                }
            },
        },
        checkPage("paying by card"),
        toGateway,
        {
            content: "It is paid",
            trigger: PAID,
        },
        receipt,
        checkPage("a bill paid by card"),
    ],
});

tours.add("kavi_commerce_journey_declined", {
    steps: () => [
        payByCard("100.00"),
        toGateway,
        {
            content: "The card was declined",
            trigger: ".o_kavi_billing .alert-danger:contains('declined')",
        },
        checkPage("a bill whose card was declined"),
        payByCard("100.00"),
        toGateway,
        {
            content: "The other card was not",
            trigger: PAID,
        },
        {
            content: "Nothing is said of the first one any more",
            trigger: ".o_kavi_billing:not(:has(.alert-danger))",
        },
    ],
});

tours.add("kavi_commerce_journey_paid", {
    steps: () => [
        {
            content: "It is paid",
            trigger: PAID,
        },
        receipt,
    ],
});

const chooseBoth = [
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
    payByCard("150.00"),
    {
        content: "Both together",
        trigger: `table:has(${row("Berth")}):has(${row("New sails")}) tfoot:contains("150.00")`,
    },
    checkPage("paying two bills by card"),
];

const bothPaid = [
    {
        content: "It says so",
        trigger: "[role=status]:contains('150.00 was paid by card')",
    },
    {
        content: "Both are paid",
        trigger: `.o_kavi_billing:has(li:contains("Berth"):contains("Paid")) li:contains("New sails"):contains("Paid")`,
    },
    checkPage("two bills paid by card"),
];

tours.add("kavi_commerce_journey_two_bills", {
    url: "/my/billing",
    steps: () => [...chooseBoth, toGateway, ...bothPaid],
});

// PayPal's own buttons, in our page
const choosePayer = (choice) => ({
    content: `In PayPal's window: ${choice}`,
    trigger: ".fake-paypal-choice",
    run: `select ${choice}`,
});
const BUTTON = ".o_kavi_paypal .fake-paypal-button:enabled";

tours.add("kavi_commerce_journey_buttons", {
    steps: () => [
        payByCard("100.00"),
        checkPage("paying by PayPal's buttons", BUTTON),
        {
            content: "More than is due",
            trigger: "#kavi_card_amount",
            run: "edit 120",
        },
        {
            content: "Pay it",
            trigger: BUTTON,
            run: "click",
        },
        {
            content: "It is refused, with a sentence",
            trigger: ".o_kavi_paypal [role=alert]:contains('not charged more')",
        },
        {
            content: "A part",
            trigger: "#kavi_card_amount",
            run: "edit 40",
        },
        choosePayer("cancel"),
        {
            content: "Close the window",
            trigger: BUTTON,
            run: "click",
        },
        {
            content: "The buttons are still there, nothing is said",
            trigger: `.o_kavi_paypal:has(.d-none[role=alert]) .fake-paypal-button:enabled`,
        },
        choosePayer("declined"),
        follow("Pay with a card that is declined", BUTTON),
        {
            content: "The card was declined",
            trigger: ".o_kavi_billing .alert-danger:contains('declined')",
        },
        payByCard("100.00"),
        choosePayer("mastercard"),
        follow("Pay all", BUTTON),
        {
            content: "It is paid",
            trigger: PAID,
        },
        receipt,
    ],
});

tours.add("kavi_commerce_journey_buttons_two_bills", {
    url: "/my/billing",
    steps: () => [...chooseBoth, follow("Pay both", BUTTON), ...bothPaid],
});

tours.add("kavi_commerce_journey_refund", {
    steps: () => [
        {
            content: "Refund",
            trigger: ".o_statusbar_buttons button[name=action_refund]:enabled",
            run: "click",
        },
        {
            content: "A part of it",
            trigger: ".modal .o_field_widget[name=amount] input",
            run: "edit 40 && press Tab",
        },
        {
            content: "Give it back",
            trigger: ".modal button[name=action_refund]:enabled",
            run: "click",
        },
        {
            content: "What the gateway made of it",
            trigger: ".modal .o_form_view:contains('Returned')",
        },
        {
            content: "Back to the bill",
            trigger: ".modal .btn-close",
            run: "click",
        },
        {
            content: "It is on the bill",
            trigger:
                ".o_form_view .o_field_widget[name=refund_amount]:contains('40.00')",
        },
        {
            content: "Its transactions",
            trigger: "button[name=action_open_transactions]:contains('2')",
            run: "click",
        },
        {
            content: "The charge, and what was returned",
            trigger:
                ".o_list_view:has(.o_data_row:contains('100.00')) .o_data_row:contains('-40.00'):contains('Returned')",
        },
    ],
});

// The page is open while the outcome comes by another way, and is left alone
tours.add("kavi_commerce_journey_awaited", {
    steps: () => [
        {
            content: "It says that it is being processed",
            trigger: ".o_kavi_awaited:contains('being processed')",
            run: async () => {
                await fetch(`/kavi/paypal/return${location.search}`);
            },
            expectUnloadPage: true,
        },
        {
            content: "It thanks by itself",
            trigger: ".o_kavi_billing .alert-success:contains('paid by card')",
        },
        {
            content: "It is paid",
            trigger: PAID,
        },
        checkPage("a bill that was just paid by card"),
    ],
});
