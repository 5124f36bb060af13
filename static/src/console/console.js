import {
    Component,
    onMounted,
    onWillUnmount,
    useEffect,
    useExternalListener,
    useRef,
    useState,
} from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { router } from "@web/core/browser/router";
import { CodeEditor } from "@web/core/code_editor/code_editor";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { Domain } from "@web/core/domain";
import { DomainSelectorDialog } from "@web/core/domain_selector_dialog/domain_selector_dialog";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { SelectMenu } from "@web/core/select_menu/select_menu";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { ConsoleApi } from "./console_api";

const ACTION = "action";
const MAX_HISTORY = 20;
/** The parameters of a GET that are typed as text. */
const TEXTS = ["search", "domain", "expand", "order", "limit"];
const VALUES = '{\n    "values": {}\n}';
const ARGUMENTS = '{\n    "args": [],\n    "kwargs": {}\n}';

function newRequest(model = "") {
    return {
        model,
        kind: "GET",
        id: "",
        action: "",
        fields: [],
        search: "",
        domain: "",
        expand: "",
        order: "",
        limit: "20",
        body: VALUES,
    };
}

/** Return JSON with indentation; other text as it is. */
function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text), null, 4);
    } catch {
        return text;
    }
}

/** Return a domain that was typed as JSON or in Python's form as the editor of domains reads it. */
function pythonDomain(text) {
    try {
        return new Domain(JSON.parse(text || "[]")).toString();
    } catch {
        return text;
    }
}

/** Build requests to open models, send them as the current user, and show the responses. */
export class ApiConsole extends Component {
    static template = "jwt_auth_api.Console";
    static components = { CodeEditor, CopyButton, Layout, RecordSelector, SelectMenu };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Console");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.api = new ConsoleApi(this.orm, this.action);
        this.responseCard = useRef("response");
        this.sampleBox = useRef("samples");
        this.display = { controlPanel: {} };
        this.isSystem = user.isSystem;
        this.state = useState({
            isReady: false,
            isSending: false,
            models: [],
            fields: {},
            request: newRequest(),
            userId: false,
            response: null,
            samples: [],
            language: "curl",
            history: [],
        });
        // the address keeps the model, so that it is chosen again when the page is loaded again
        const address = router.current.console_model;
        this.wanted = this.props.action.context?.console_model || address;
        onMounted(() => this.wanted && this.props.updateActionState({ console_model: this.wanted }));
        useEffect(
            (response) => {
                if (response && this.env.isSmall) {
                    this.responseCard.el.scrollIntoView();
                }
            },
            () => [this.state.response]
        );
        useEffect(
            (sample) => {
                if (sample) {
                    this.sampleBox.el.scrollIntoView({ block: "nearest" });
                }
            },
            () => [this.sample]
        );
        onWillUnmount(() => this.api.close());
        useExternalListener(window, "pagehide", () => this.api.close());
    }

    // --- what there is to choose --------------------------------------------------------

    async start() {
        if (!(await this.api.open())) {
            return;
        }
        const answer = await this.readJson("/api/v1");
        if (!answer) {
            return;
        }
        Object.assign(this.state, { models: answer.data, isReady: true });
        const first = answer.data.find(({ model }) => model === this.wanted) || answer.data[0];
        if (first) {
            await this.chooseModel(first.model);
        }
    }

    openConnections() {
        return this.action.doAction("jwt_auth_api.connection_api_action", { clearBreadcrumbs: true });
    }

    async readJson(path) {
        const response = await this.api.send("GET", path);
        const body = JSON.parse(response.text);
        if (response.status !== 200) {
            this.notification.add(body.message, { type: "danger" });
            return null;
        }
        return body;
    }

    async chooseModel(name) {
        this.state.request = newRequest(name);
        this.props.updateActionState({ console_model: name });
        const { methods, actions } = this.model;
        this.state.fields = {};
        this.chooseKind(methods[0] || (actions.length ? ACTION : "GET"));
        if (await this.api.open()) {
            const answer = await this.readJson(`/api/v1/${encodeURIComponent(name)}/schema`);
            if (answer && this.state.request.model === name) {
                this.state.fields = answer.data.fields;
            }
        }
    }

    chooseKind(kind) {
        const request = this.state.request;
        request.kind = kind;
        request.body = kind === ACTION ? ARGUMENTS : VALUES;
        request.action = kind === ACTION ? this.model.actions[0].name : "";
        this.state.samples = [];
    }

    get model() {
        return this.state.models.find(({ model }) => model === this.state.request.model);
    }

    get modelChoices() {
        return this.state.models.map(({ model, name }) => ({
            value: model,
            label: `${name} (${model})`,
        }));
    }

    get kinds() {
        return [...this.model.methods, ...(this.model.actions.length ? [ACTION] : [])];
    }

    get fieldChoices() {
        return Object.entries(this.state.fields)
            .filter(([, field]) => field.readable)
            .map(([name, field]) => ({ value: name, label: `${field.label} (${name})` }));
    }

    get hasBody() {
        return ["POST", "PUT", ACTION].includes(this.state.request.kind);
    }

    get isPreview() {
        return Boolean(this.state.userId) && this.state.request.kind === "GET";
    }

    // --- the request --------------------------------------------------------------------

    set(name, value) {
        this.state.request[name] = value;
        this.state.samples = [];
    }

    editDomain() {
        this.dialog.add(DomainSelectorDialog, {
            resModel: this.state.request.model,
            domain: pythonDomain(this.state.request.domain),
            onConfirm: (domain) =>
                this.set("domain", JSON.stringify(new Domain(domain).toList(user.context))),
        });
    }

    get method() {
        return this.state.request.kind === ACTION ? "POST" : this.state.request.kind;
    }

    get path() {
        const { model, kind, id, action } = this.state.request;
        const takesId = kind !== "POST" && id !== "";
        const parts = [model, ...(takesId ? [id] : []), ...(kind === ACTION ? [action] : [])];
        return ["/api/v1", ...parts.map(encodeURIComponent)].join("/");
    }

    /** Return the query string as pairs; only what was chosen. */
    get params() {
        const request = this.state.request;
        const isList = request.kind === "GET" && request.id === "";
        const pairs = [];
        if (request.fields.length && request.kind === "GET") {
            pairs.push(["fields", request.fields.join(",")]);
        }
        for (const name of TEXTS) {
            if (request[name] && request.kind === "GET" && (isList || name === "expand")) {
                pairs.push([name, request[name]]);
            }
        }
        return pairs;
    }

    get url() {
        const query = new URLSearchParams(this.params).toString();
        return query ? `${this.path}?${query}` : this.path;
    }

    get shownUrl() {
        return decodeURIComponent(this.url);
    }

    /** Return the body as a JSON value; undefined if it is not JSON, which is shown to the user. */
    parsedBody() {
        try {
            return JSON.parse(this.state.request.body);
        } catch (error) {
            this.notification.add(_t("The body is not JSON: %s", error.message), {
                type: "danger",
            });
            return undefined;
        }
    }

    async send() {
        if (this.hasBody && this.parsedBody() === undefined) {
            return;
        }
        this.state.isSending = true;
        try {
            const response = this.isPreview ? await this.preview() : await this.sendAsOneself();
            if (response) {
                this.show(response);
            }
        } finally {
            this.state.isSending = false;
        }
    }

    async sendAsOneself() {
        if (!(await this.api.open())) {
            return null;
        }
        return this.api.send(this.method, this.url, this.hasBody ? this.state.request.body : undefined);
    }

    async preview() {
        const { id, model } = this.state.request;
        const query = new URLSearchParams(this.params).toString();
        const args = [this.state.userId, model, id === "" ? null : Number(id), query];
        const found = await this.orm.call("connection.api.console", "action_preview", args);
        return { ...found, headers: [], isPreview: true };
    }

    show(response) {
        const shown = { ...response, pretty: pretty(response.text) };
        this.state.response = shown;
        this.state.history.unshift({
            key: this.state.history.length ? this.state.history[0].key + 1 : 1,
            method: this.method,
            url: this.shownUrl,
            request: { ...this.state.request, fields: [...this.state.request.fields] },
            fields: this.state.fields,
            response: shown,
        });
        this.state.history.splice(MAX_HISTORY);
    }

    restore(entry) {
        this.state.request = { ...entry.request, fields: [...entry.request.fields] };
        this.props.updateActionState({ console_model: entry.request.model });
        this.state.fields = entry.fields;
        this.state.response = entry.response;
        this.state.samples = [];
    }

    // --- as code ------------------------------------------------------------------------

    async showSamples() {
        const body = this.hasBody ? this.parsedBody() : null;
        if (body === undefined) {
            return;
        }
        const url = browser.location.origin + this.path;
        const args = [this.method, url, this.params, [], body];
        this.state.samples = await this.orm.call("connection.api.console", "action_samples", args);
    }

    get sample() {
        return this.state.samples.find(({ language }) => language === this.state.language);
    }

    statusClass(status) {
        if (status < 400) {
            return "text-bg-success";
        }
        return status < 500 ? "text-bg-warning" : "text-bg-danger";
    }
}

registry.category("actions").add("jwt_auth_api.console", ApiConsole);
