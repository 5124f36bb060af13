import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";
import { ApiMethodList } from "./method_list";

class ApiMethodDialog extends Component {
    static template = "jwt_auth_api.MethodDialog";
    static components = { ApiMethodList, Dialog };
    static props = {
        model: String,
        selected: { type: Array, element: String },
        onConfirm: Function,
        close: Function,
    };

    setup() {
        this.state = useState({ selected: this.props.selected });
        this.methods = [];
    }

    onChange(selected, methods) {
        this.state.selected = selected;
        this.methods = methods;
    }

    async confirm() {
        await this.props.onConfirm(this.state.selected, this.methods);
        this.props.close();
    }
}

/** The actions of a connection: rows as usual, which a list of the model's methods adds and removes. */
export class ApiActionsField extends X2ManyField {
    static template = "jwt_auth_api.ActionsField";
    static props = { ...X2ManyField.props, model: { type: String } };

    setup() {
        super.setup();
        this.dialogs = useService("dialog");
    }

    async onChoose() {
        if (!(await this.list.leaveEditMode({ canAbandon: true }))) {
            return;
        }
        this.dialogs.add(ApiMethodDialog, {
            model: this.props.record.data[this.props.model],
            selected: this.list.records.map((record) => record.data.name).filter(Boolean),
            onConfirm: this.onConfirm.bind(this),
        });
    }

    async onConfirm(selected, methods) {
        const records = [...this.list.records];
        const listed = records.map((record) => record.data.name);
        for (const record of records) {
            if (!selected.includes(record.data.name)) {
                await this.list.delete(record);
            }
        }
        const added = methods.filter(({ name }) => selected.includes(name) && !listed.includes(name));
        for (const { name, description } of added) {
            await this.list.addNewRecord({
                context: { default_name: name, default_description: description },
                mode: "readonly",
                position: "bottom",
            });
        }
    }
}

export const apiActionsField = {
    ...x2ManyField,
    component: ApiActionsField,
    displayName: _t("Actions of a Connection"),
    supportedTypes: ["one2many"],
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...x2ManyField.extractProps(fieldInfo, dynamicInfo),
        model: fieldInfo.options.model,
    }),
};

registry.category("fields").add("api_actions", apiActionsField);
