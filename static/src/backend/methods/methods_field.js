import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { ApiMethodList } from "./method_list";

/** A list of names of methods, in a JSON field. */
export class ApiMethodsField extends Component {
    static template = "jwt_auth_api.MethodsField";
    static components = { ApiMethodList };
    static props = { ...standardFieldProps, model: { type: String } };

    get selected() {
        return this.props.record.data[this.props.name] || [];
    }

    onChange(names) {
        this.props.record.update({ [this.props.name]: names });
    }
}

export const apiMethodsField = {
    component: ApiMethodsField,
    displayName: _t("Methods of a Model"),
    supportedTypes: ["json"],
    isEmpty: () => false,
    extractProps: ({ options }) => ({ model: options.model }),
};

registry.category("fields").add("api_methods", apiMethodsField);
