// Stands in for PayPal's JS SDK: what of it Odoo's payment form calls. A button, and the
// payer's choice beside it in place of PayPal's window.
(function () {
    const url = "FAKE_URL";
    const sources = "FAKE_SOURCES";
    const choices = {...sources, cancel: "Close PayPal's window"};

    function approve(orderID, source) {
        // a form's type of content: the browser asks no leave for it first
        return fetch(`${url}/_buyer/approve`, {
            method: "POST",
            body: new URLSearchParams({order_id: orderID, source}),
        }).then((answer) => {
            if (!answer.ok) {
                throw new Error("PayPal did not approve the order.");
            }
            return answer.json();
        });
    }

    function Buttons(options) {
        const root = document.createElement("div");
        const button = document.createElement("button");
        const select = document.createElement("select");
        button.type = "button";
        button.className = "fake-paypal-button";
        button.textContent = "PayPal";
        button.style = "width:100%;padding:10px;border:0;border-radius:6px;color:#fff";
        button.style.background = "#0070ba";
        select.className = "fake-paypal-choice";
        select.style = "width:100%;margin:4px 0";
        select.setAttribute("aria-label", "What the payer does at PayPal");
        for (const [value, label] of Object.entries(choices)) {
            select.add(new Option(label, value));
        }
        select.value = window.fakePayPalChoice || "visa";
        root.append(button, select);

        async function pay() {
            let isRefused = false;
            const refuse = () => {
                isRefused = true;
            };
            await options.onClick?.({}, {resolve: () => true, reject: refuse});
            if (isRefused) {
                return;
            }
            const choice = select.value;
            button.disabled = true;
            try {
                const orderID = await options.createOrder({}, {});
                if (choice === "cancel" || !orderID) {
                    await options.onCancel?.({orderID});
                    return;
                }
                const {payerID} = await approve(orderID, choice);
                const actions = {restart: pay};
                await options.onApprove({orderID, payerID}, actions);
            } catch (error) {
                options.onError?.(error);
            } finally {
                button.disabled = false;
            }
        }
        button.addEventListener("click", pay);

        return {
            isEligible: () => true,
            render(target) {
                const place =
                    typeof target === "string"
                        ? document.querySelector(target)
                        : target;
                place.append(root);
                const disable = () => {
                    button.disabled = true;
                    select.hidden = true;
                    button.style.background = "#9aa5b1";
                };
                const enable = () => {
                    button.disabled = false;
                };
                options.onInit?.({}, {enable, disable});
                return Promise.resolve();
            },
            show: () => {
                root.style.display = "";
            },
            hide: () => {
                root.style.display = "none";
            },
            close: () => root.remove(),
        };
    }

    window.paypal = {Buttons, FUNDING: {PAYPAL: "paypal", CARD: "card"}};
})();
