import { Component, onWillUnmount, useState } from "@odoo/owl";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { debounce } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useChoiceSearch } from "../choices";

/**
 * The fields of a model as a list, with a column for each of two many2many fields: readable, writable.
 *
 * Both many2many fields stay what is stored. An empty one means every field, and the list says so.
 */
export class ApiFieldsField extends Component {
    static template = "jwt_auth_api.FieldsField";
    static components = { CheckBox };
    static props = {
        ...standardFieldProps,
        model: { type: String },
        written: { type: String },
        reads: { type: Array },
        writes: { type: Array },
    };

    setup() {
        this.orm = useService("orm");
        this.search = useChoiceSearch();
        this.state = useState({ fields: [], onlySelected: false });
        // pending changes, so that several clicks make one change of the record
        this.pending = useState({});
        this.commitSoon = debounce(this.commit.bind(this), 400);
        useBus(this.props.record.model.bus, "NEED_LOCAL_CHANGES", ({ detail }) =>
            detail.proms.push(this.commit())
        );
        onWillUnmount(() => this.commit());
        useRecordObserver((record, props) => this.load(record.data[props.model], record, props));
    }

    async load(model, record, props) {
        if (model === this.model) {
            return;
        }
        this.model = model;
        for (const key in this.pending) {
            delete this.pending[key];
        }
        const fields = model
            ? await this.orm.call("connection.api.choices", "get_field_choices", [model])
            : [];
        if (this.model !== model) {
            return;
        }
        const selected = new Set(
            this.columnsOf(props, record).flatMap((column) => record.data[column.name].currentIds)
        );
        // what is selected comes first, in the order that it has when the list is opened
        this.state.fields = fields.sort(
            (one, other) => selected.has(other.id) - selected.has(one.id)
        );
        this.search.state.text = "";
    }

    get columns() {
        return this.columnsOf(this.props, this.props.record);
    }

    columnsOf(props, record) {
        const isOn = (names) => !names.length || names.some((name) => record.data[name]);
        return [
            { name: props.name, label: _t("Read"), isOn: isOn(props.reads) },
            { name: props.written, label: _t("Write"), isOn: isOn(props.writes), isWrite: true },
        ].filter((column) => column.isOn);
    }

    get shown() {
        const fields = this.search.find(this.state.fields);
        return this.state.onlySelected
            ? fields.filter((field) => this.columns.some((column) => this.isSelected(column, field)))
            : fields;
    }

    canSelect(column, field) {
        return !column.isWrite || field.is_writable;
    }

    isSelected(column, field) {
        const key = `${column.name},${field.id}`;
        return key in this.pending
            ? this.pending[key]
            : this.props.record.data[column.name].currentIds.includes(field.id);
    }

    count(column) {
        return this.state.fields.filter((field) => this.isSelected(column, field)).length;
    }

    /** Say how far a column limits the clients. */
    summary(column) {
        const count = this.count(column);
        if (count) {
            const total = this.state.fields.length;
            return column.isWrite
                ? _t("%(count)s of %(total)s fields can be written.", { count, total })
                : _t("%(count)s of %(total)s fields can be read.", { count, total });
        }
        return column.isWrite
            ? _t("None selected: every field that Odoo lets the user write can be written.")
            : _t("None selected: every field that Odoo shows the user can be read.");
    }

    select(column, fields, isSelected) {
        for (const field of fields) {
            if (this.canSelect(column, field)) {
                this.pending[`${column.name},${field.id}`] = isSelected;
            }
        }
        this.commitSoon();
    }

    /** Select all fields that the list shows; secrets have to be selected one by one. */
    selectAll(column) {
        this.select(
            column,
            this.shown.filter((field) => !field.is_secret),
            true
        );
    }

    selectNone(column) {
        this.select(column, this.shown, false);
    }

    onSearchKeydown(ev) {
        if (ev.key !== "Enter" || this.props.readonly) {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
        this.select(this.columns[0], this.search.best(this.state.fields), true);
        this.search.state.text = "";
    }

    async commit() {
        const pending = { ...this.pending };
        for (const name of [this.props.name, this.props.written]) {
            const list = this.props.record.data[name];
            const changed = Object.entries(pending)
                .map(([key, isSelected]) => [...key.split(","), isSelected])
                .filter(([column]) => column === name)
                .map(([_column, id, isSelected]) => [Number(id), isSelected])
                .filter(([id, isSelected]) => isSelected !== list.currentIds.includes(id));
            if (changed.length) {
                await list.addAndRemove({
                    add: changed.filter(([_id, isSelected]) => isSelected).map(([id]) => id),
                    remove: changed.filter(([_id, isSelected]) => !isSelected).map(([id]) => id),
                });
            }
        }
        for (const key in pending) {
            if (this.pending[key] === pending[key]) {
                delete this.pending[key];
            }
        }
    }
}

export const apiFieldsField = {
    component: ApiFieldsField,
    displayName: _t("Readable and Writable Fields"),
    supportedTypes: ["many2many"],
    isEmpty: () => false,
    extractProps: ({ options }) => ({
        model: options.model,
        written: options.written,
        reads: options.reads || [],
        writes: options.writes || [],
    }),
};

registry.category("fields").add("api_fields", apiFieldsField);
