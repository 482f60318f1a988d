import {rpc, RPCError} from "@web/core/network/rpc";
import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {loadJS} from "@web/core/assets";
import {registry} from "@web/core/registry";

/**
 * PayPal's own buttons on the page on which bills are paid. The script and the window
 * are PayPal's; the order is made, and the money taken, by our server only.
 */
export class PayPalButtons extends Interaction {
    static selector = ".o_kavi_paypal";

    setup() {
        this.form = this.el.closest("form");
        this.alert = this.el.querySelector("[role=alert]");
        this.order = null;
    }

    async willStart() {
        try {
            await loadJS(this.el.dataset.sdkUrl);
        } catch {
            this.tell(
                _t(
                    "PayPal's buttons could not be loaded. Pay on PayPal's page instead."
                )
            );
        }
    }

    start() {
        if (!window.paypal) {
            return;
        }
        window.paypal
            .Buttons({
                onClick: this.onClick.bind(this),
                createOrder: this.createOrder.bind(this),
                onApprove: this.onApprove.bind(this),
                onError: this.onError.bind(this),
            })
            .render(this.el.querySelector(".o_kavi_paypal_buttons"));
    }

    tell(text) {
        this.alert.textContent = text;
        this.alert.classList.toggle("d-none", !text);
    }

    /** The window opens only when the form says what it has to. */
    onClick(data, actions) {
        return this.form.reportValidity() ? actions.resolve() : actions.reject();
    }

    async createOrder() {
        this.tell("");
        const entered = new FormData(this.form);
        const order = await rpc(this.el.dataset.orderUrl, {
            ...Object.fromEntries(entered),
            bill: entered.getAll("bill"),
        });
        if (order.error) {
            throw new Error(order.error);
        }
        if (!order.order_id) {
            window.location.assign(order.landing_route);
            throw new Error(_t("You have agreed to this payment before."));
        }
        this.order = order;
        return order.order_id;
    }

    async onApprove({orderID}) {
        try {
            await rpc("/payment/paypal/complete_order", {
                order_id: orderID,
                reference: this.order.reference,
            });
        } finally {
            // also without an answer: the page shows what is known
            window.location.assign(this.order.landing_route);
        }
    }

    onError(error) {
        // as Odoo has it: a window that is closed early is no error
        if (error.message === "Detected popup close") {
            return;
        }
        this.tell(
            error instanceof RPCError
                ? _t("The payment could not be started. Reload the page and try again.")
                : error.message
        );
    }
}

registry
    .category("public.interactions")
    .add("kavi_commerce.paypal_buttons", PayPalButtons);
