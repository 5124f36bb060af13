import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const LANGUAGE = "jwt_auth_api.language";

/** How clients use a connection: its address, and requests for it as code in several languages. */
export class ApiUsage extends Component {
    static template = "jwt_auth_api.Usage";
    static components = { CopyButton };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.copied = _t("Copied");
        this.state = useState({
            usage: null,
            language: browser.localStorage.getItem(LANGUAGE) || "curl",
        });
        onWillStart(() => this.load(this.props.record));
        // the record has new props when it is saved
        onWillUpdateProps(({ record }) => record.dirty || this.load(record));
    }

    async load(record) {
        this.state.usage = record.resId
            ? await this.orm.call("connection.api.choices", "get_usage", [record.resId])
            : null;
    }

    get languages() {
        return this.state.usage.login.map(({ language, label }) => ({ language, label }));
    }

    get blocks() {
        const { login, requests } = this.state.usage;
        const shown = [{ key: "login", title: _t("Log in"), route: "POST /api/login", samples: login }];
        for (const { kind, name, method, path, samples } of requests) {
            shown.push({
                key: `${kind} ${name}`,
                title: this.title(kind, name),
                route: `${method} ${path}`,
                samples,
            });
        }
        return shown.map((block) => ({ ...block, text: this.text(block.samples) }));
    }

    get note() {
        return _t(
            "The samples that change or delete a record use the id %s, which no record has. Replace it with the id of your record.",
            this.state.usage.no_record
        );
    }

    title(kind, name) {
        switch (kind) {
            case "list":
                return _t("List records");
            case "read":
                return _t("Read a record");
            case "create":
                return _t("Create a record");
            case "change":
                return _t("Change a record");
            case "delete":
                return _t("Delete a record");
            case "action":
                return _t("Call %s", name);
            case "file":
                return _t("Download the file %s", name);
            case "link":
                return _t("Get a link to the file %s", name);
            case "store":
                return _t("Store the file %s", name);
            default:
                return _t("Download the PDF %s", name);
        }
    }

    text(samples) {
        const found = samples.find(({ language }) => language === this.state.language);
        return (found || samples[0]).text;
    }

    openConsole() {
        return this.action.doAction("jwt_auth_api.connection_api_console_action", {
            additionalContext: { console_model: this.state.usage.model },
        });
    }

    chooseLanguage(language) {
        this.state.language = language;
        browser.localStorage.setItem(LANGUAGE, language);
    }
}

registry.category("view_widgets").add("api_usage", { component: ApiUsage });
