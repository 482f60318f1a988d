import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const inModal = (rest) => `.modal ${rest}`;
const lines = inModal(".o_field_widget[name=line_ids]");

function fill(field, value) {
    return {
        content: `Enter ${value}`,
        trigger: inModal(`.o_field_widget[name=${field}] input`),
        run: `edit ${value} && press Tab`,
    };
}

function says(text) {
    return {
        content: `It says ${text}`,
        trigger: inModal(`.o_field_widget[name=hint]:contains("${text}")`),
    };
}

tours.add("kavi_billing_journey_check", {
    steps: () => [
        {
            content: "A check is here, for all that is owed",
            trigger: ".o_statusbar_buttons button[name=action_record_payment]:enabled",
            run: "click",
        },
        {
            content: "The oldest bill first, each in full",
            trigger: `${lines}:has(.o_data_row:nth-child(2):contains("452.00")) .o_data_row:nth-child(1):contains("500.00")`,
        },
        {
            content: "By check",
            trigger: inModal(
                ".o_field_widget[name=method_id] .o_radio_item:contains('Check') input"
            ),
            run: "click",
        },
        fill("amount", "960.00"),
        says("8.00 is not needed"),
        fill("payment_number", "4711"),
        {
            content: "The payer wrote what is for the second",
            trigger: `${lines} .o_data_row:nth-child(2) .o_data_cell[name=amount]`,
            run: "click",
        },
        {
            content: "Less",
            trigger: `${lines} .o_field_widget[name=amount] input`,
            run: "edit 400.00 && press Tab",
        },
        says("60.00 is not needed"),
        says("52.00 of"),
        {
            content: "Record it",
            trigger: inModal("button[name=action_complete_payment]:enabled"),
            run: "click",
        },
        {
            content: "So much is still due",
            trigger:
                ".o_form_view:not(:has(.modal)) [name=billing_open_count]:contains('1')",
        },
    ],
});

function choose(title) {
    return {
        content: `Choose ${title}`,
        trigger: `.o_data_row:contains("${title}") .o_list_record_selector input`,
        run: "click",
    };
}

tours.add("kavi_billing_journey_bulk", {
    steps: () => [
        choose("Journey berth"),
        choose("Journey nothing"),
        {
            content: "Issue both",
            trigger: ".o_control_panel button[name=action_issue]:enabled",
            run: "click",
        },
        {
            content: "What was not done is said by bill",
            trigger: inModal(
                ".o_field_widget[name=refused]:contains('Journey nothing'):contains('no amount')"
            ),
        },
        {
            content: "Close",
            trigger: inModal("footer .btn-secondary"),
            run: "click",
        },
        {
            content: "The other is issued",
            trigger:
                "body:not(:has(.modal)) .o_data_row:contains('Journey berth'):contains('New')",
        },
    ],
});
