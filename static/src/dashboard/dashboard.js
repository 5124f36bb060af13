import { Component, onWillStart, useState, useSubEnv, xml } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { registry } from "@web/core/registry";
import { Layout } from "@web/search/layout";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { getDefaultConfig, View } from "@web/views/view";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** Show a view within the dashboard, with a title of its own: the dashboard keeps its title. */
class DashboardView extends Component {
    static template = xml`<View t-props="props" />`;
    static components = { View };
    static props = ["*"];

    setup() {
        useSubEnv({ config: getDefaultConfig() });
    }
}

/** Show how the API is used: a few figures, each of which leads to what it counts. */
export class ApiDashboard extends Component {
    static template = "jwt_auth_api.Dashboard";
    static components = { DashboardView, Layout };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Dashboard");

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.display = { controlPanel: {} };
        this.formatInteger = formatInteger;
        this.periods = [
            { days: 1, label: _t("24 hours") },
            { days: 7, label: _t("7 days") },
            { days: 30, label: _t("30 days") },
        ];
        this.state = useState({ days: 7, figures: null });
        onWillStart(() => this.load(this.state.days));
    }

    async load(days) {
        const figures = await this.keepLast.add(
            this.orm.call("connection.api.dashboard", "action_figures", [days])
        );
        Object.assign(this.state, { days, figures });
    }

    get errorRate() {
        const { requests, refused, failed } = this.state.figures;
        const rate = requests ? (100 * (refused + failed)) / requests : 0;
        return _t("%s %", formatFloat(rate, { digits: [false, rate && rate < 10 ? 1 : 0] }));
    }

    get loggingNote() {
        const { logging, connections } = this.state.figures;
        return _t("Connections that log them: %(logging)s of %(connections)s", { logging, connections });
    }

    get errorsNote() {
        const { refused, failed } = this.state.figures;
        return _t("Refused: %(refused)s, server errors: %(failed)s", {
            refused: formatInteger(refused),
            failed: formatInteger(failed),
        });
    }

    get usersNote() {
        return _t("Users: %s", formatInteger(this.state.figures.users));
    }

    get graphProps() {
        return {
            type: "graph",
            resModel: "connection.api.log",
            domain: this.since("requested_at"),
            context: { graph_groupbys: [this.state.days === 1 ? "requested_at:hour" : "requested_at:day", "result"] },
            display: { controlPanel: false },
            className: "o_jwt_dashboard_graph",
        };
    }

    since(field) {
        return [[field, ">=", this.state.figures.since]];
    }

    // --- where the figures lead ---------------------------------------------------------

    open(name, context = {}, domain = null, viewType = "list") {
        this.action.doAction(`jwt_auth_api.${name}`, {
            additionalContext: context,
            props: domain ? { domain } : {},
            viewType,
        });
    }

    openRequests(domain = [], viewType = "list", context = {}) {
        this.open("connection_api_log_action", context, [...this.since("requested_at"), ...domain], viewType);
    }

    openErrors() {
        this.openRequests([["status", ">=", 400]], "list", { group_by: ["error"] });
    }

    openSlow() {
        this.openRequests([], "graph", { graph_measure: "duration_ms", graph_groupbys: ["model"] });
    }

    openModel(model) {
        this.openRequests([["model", "=", model]]);
    }

    openSessions() {
        this.open("jwt_session_action", {});
    }

    openFailures() {
        const events = ["login_failed", "mfa_failed", "throttled"];
        this.open("jwt_security_event_action", {}, [...this.since("create_date"), ["event", "in", events]]);
    }

    openReused() {
        this.open("jwt_security_event_action", {}, [...this.since("create_date"), ["event", "=", "reuse"]]);
    }

    openConnections() {
        this.open("connection_api_action");
    }
}

registry.category("actions").add("jwt_auth_api.dashboard", ApiDashboard);
