import {Component, onWillStart, useState} from "@odoo/owl";
import {Layout} from "@web/search/layout";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

/**
 * Billing → Overview: figures, what needs a person, and pictures. All of it is made by
 * the server (kavi.billing.overview), each with the action that opens what it counts.
 */
export class BillingOverview extends Component {
    static template = "kavi_billing_report.Overview";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({data: null});
        onWillStart(() => this.load("months", false));
    }

    async load(period, currency) {
        this.state.data = await this.orm.call(
            "kavi.billing.overview",
            "get_overview",
            [],
            {
                period,
                currency_id: currency,
            }
        );
    }

    /** What needs a person; what there is none of only takes room. */
    get tasks() {
        return this.state.data.tasks.filter((task) => task.count);
    }

    open(action) {
        return this.action.doAction(action);
    }
}

registry.category("actions").add("kavi_billing_report.overview", BillingOverview);
