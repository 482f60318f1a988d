import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

// Seconds from one look to the next, and how often: a little longer than until the
// server asks the gateway again by itself
export const LOOKS = [
    [1, 10],
    [3, 20],
    [10, 30],
];

/**
 * A page that says that a card payment is being processed asks again by itself, and is
 * loaded anew when the outcome is there.
 */
export class CardAwaited extends Interaction {
    static selector = ".o_kavi_awaited";

    setup() {
        this.pauses = LOOKS.flatMap(([seconds, times]) => Array(times).fill(seconds));
        this.wait();
    }

    wait() {
        const seconds = this.pauses.shift();
        if (seconds) {
            this.waitForTimeout(this.look.bind(this), seconds * 1000);
            return;
        }
        this.el.textContent = _t(
            "Your card payment is still being processed. You need not wait: it will show here, and please do not pay again."
        );
    }

    async look() {
        let isAwaited = true;
        try {
            const answer = await this.waitFor(fetch(this.el.dataset.statusUrl));
            isAwaited = !answer.ok || (await answer.json()).is_awaited;
        } catch {
            // the line is down for a moment: the next look will tell
        }
        if (isAwaited) {
            this.wait();
        } else {
            window.location.assign(this.el.dataset.pageUrl);
        }
    }
}

registry.category("public.interactions").add("kavi_commerce.card_awaited", CardAwaited);
