import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { useChoiceSearch } from "../choices";

/** The methods of a model that can be actions, to be selected: the buttons of its form first. */
export class ApiMethodList extends Component {
    static template = "jwt_auth_api.MethodList";
    static components = { CheckBox };
    static props = {
        model: { type: [String, { value: false }] },
        selected: { type: Array, element: String },
        onChange: { type: Function },
        readonly: { type: Boolean, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.search = useChoiceSearch();
        this.state = useState({ methods: [], showAll: false });
        onWillStart(() => this.load(this.props.model));
        onWillUpdateProps((props) => props.model !== this.props.model && this.load(props.model));
    }

    async load(model) {
        const methods = model
            ? await this.orm.call("connection.api.choices", "get_method_choices", [model])
            : [];
        this.state.methods = methods.map((method) => ({
            ...method,
            label: method.button || method.description,
        }));
        this.search.state.text = "";
        this.state.showAll = false;
    }

    get shown() {
        const { methods, showAll } = this.state;
        if (this.search.isActive) {
            return this.search.find(methods);
        }
        return showAll ? methods : methods.filter((method) => method.button || this.isSelected(method));
    }

    get hiddenCount() {
        return this.search.isActive ? 0 : this.state.methods.length - this.shown.length;
    }

    get showAllLabel() {
        return _t("Show all methods (%s)", this.state.methods.length);
    }

    isSelected(method) {
        return this.props.selected.includes(method.name);
    }

    select(methods, isSelected) {
        const names = methods.map((method) => method.name);
        const others = this.props.selected.filter((name) => !names.includes(name));
        this.props.onChange(
            isSelected ? [...others, ...names] : others,
            this.state.methods
        );
    }

    onSearchKeydown(ev) {
        if (ev.key !== "Enter" || this.props.readonly) {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
        this.select(this.search.best(this.state.methods), true);
        this.search.restart(this.state.methods, ev.target);
    }
}
