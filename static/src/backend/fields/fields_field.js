import { Component, onWillUnmount, useRef, useState } from "@odoo/owl";
import { CheckBox } from "@web/core/checkbox/checkbox";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Mutex } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";
import { debounce } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useChoiceSearch } from "../choices";

/**
 * The fields of a model as a list, with a column for each of two many2many fields: readable, writable.
 *
 * Both many2many fields stay what is stored. Each has a boolean field that says whether the selection counts:
 * without it, all fields are open, and the list shows them as selected. So a selection that becomes empty opens
 * nothing: it is invalid until something is selected, or all.
 */
export class ApiFieldsField extends Component {
    static template = "jwt_auth_api.FieldsField";
    static components = { CheckBox };
    static props = {
        ...standardFieldProps,
        model: { type: String },
        written: { type: String },
        limits: { type: Array, element: String },
        reads: { type: Array },
        writes: { type: Array },
    };

    setup() {
        this.orm = useService("orm");
        this.search = useChoiceSearch();
        this.state = useState({ fields: [], onlySelected: false });
        this.searchInput = useRef("search");
        // pending changes, so that several clicks make one change of the record
        this.pending = useState({});
        // the columns that were changed here
        this.touched = useState({});
        this.mutex = new Mutex();
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
        for (const changes of [this.pending, this.touched]) {
            for (const key in changes) {
                delete changes[key];
            }
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
        return this.allColumns(props, record).filter((column) => column.isOn);
    }

    allColumns(props = this.props, record = props.record) {
        const isOn = (names) => !names.length || names.some((name) => record.data[name]);
        const [readLimit, writeLimit] = props.limits;
        return [
            { name: props.name, limit: readLimit, label: _t("Read"), isOn: isOn(props.reads) },
            { name: props.written, limit: writeLimit, label: _t("Write"), isOn: isOn(props.writes), isWrite: true },
        ];
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

    isLimited(column) {
        return this.pending[column.limit] ?? this.props.record.data[column.limit];
    }

    /** Whether clients may use a field: if all fields are open, secrets are not among them. */
    isSelected(column, field) {
        return this.isLimited(column) ? this.isListed(column, field) : !field.is_secret;
    }

    isListed(column, field) {
        const key = `${column.name},${field.id}`;
        return key in this.pending
            ? this.pending[key]
            : this.props.record.data[column.name].currentIds.includes(field.id);
    }

    selected(column) {
        return this.state.fields.filter(
            (field) => this.canSelect(column, field) && this.isSelected(column, field)
        );
    }

    isEmpty(column) {
        return this.isLimited(column) && !this.selected(column).length;
    }

    get foundLabel() {
        return _t("Select the fields found (%s):", this.shown.length);
    }

    /** Say how far a column limits the clients. */
    summary(column) {
        const count = this.selected(column).length;
        if (!this.isLimited(column)) {
            return _t("All fields (%s), also those that are added later", count);
        }
        const total = this.state.fields.filter((field) => this.canSelect(column, field)).length;
        return count
            ? _t("%(count)s of %(total)s fields", { count, total })
            : _t("No field is selected. Select at least one, or all.");
    }

    select(column, fields, isSelected) {
        if (!fields.some((field) => this.canSelect(column, field))) {
            return;
        }
        if (!this.isLimited(column)) {
            this.list(column, this.selected(column), true);
        }
        this.list(column, fields, isSelected);
        this.change(column, true);
    }

    /** Open all fields of a column: no selection counts. */
    selectAll(column) {
        this.list(column, this.state.fields, false);
        this.change(column, false);
    }

    selectNone(column) {
        this.list(column, this.state.fields, false);
        this.change(column, true);
        this.startSearch();
    }

    /** Select nothing in any column, whether it is shown or not. */
    clear() {
        this.search.state.text = "";
        for (const column of this.allColumns()) {
            this.selectNone(column);
        }
    }

    /** Select what the search has found in some columns, and be ready for the next search. */
    selectFound(columns) {
        const found = this.shown;
        for (const column of columns) {
            this.select(column, found, true);
        }
        this.startSearch();
    }

    startSearch() {
        this.search.restart(this.state.fields, this.searchInput.el);
        this.searchInput.el.focus();
    }

    list(column, fields, isListed) {
        for (const field of fields) {
            if (this.canSelect(column, field)) {
                this.pending[`${column.name},${field.id}`] = isListed;
            }
        }
    }

    change(column, isLimited) {
        this.pending[column.limit] = isLimited;
        this.touched[column.name] = true;
        this.commitSoon();
    }

    onSearchKeydown(ev) {
        if (ev.key !== "Enter" || this.props.readonly) {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
        this.select(this.columns[0], this.search.best(this.state.fields), true);
        this.startSearch();
    }

    /** Write the pending changes; one commit after the other, since each compares with what is stored. */
    commit() {
        return this.mutex.exec(() => this.commitPending());
    }

    async commitPending() {
        const { record, name, written, limits } = this.props;
        const pending = { ...this.pending };
        const changes = limits.filter((limit) => limit in pending && pending[limit] !== record.data[limit]);
        if (changes.length) {
            await record.update(Object.fromEntries(changes.map((limit) => [limit, pending[limit]])));
        }
        for (const each of [name, written]) {
            const list = record.data[each];
            const changed = Object.entries(pending)
                .map(([key, isListed]) => [...key.split(","), isListed])
                .filter(([column, id]) => column === each && id)
                .map(([_column, id, isListed]) => [Number(id), isListed])
                .filter(([id, isListed]) => isListed !== list.currentIds.includes(id));
            if (changed.length) {
                await list.addAndRemove({
                    add: changed.filter(([_id, isListed]) => isListed).map(([id]) => id),
                    remove: changed.filter(([_id, isListed]) => !isListed).map(([id]) => id),
                });
            }
        }
        for (const key in pending) {
            if (this.pending[key] === pending[key]) {
                delete this.pending[key];
            }
        }
        this.checkColumns();
    }

    /** Let no column be saved that was emptied here, unless it is not shown: then it limits nothing. */
    checkColumns() {
        const { record } = this.props;
        for (const column of this.allColumns()) {
            if (column.isOn && this.touched[column.name] && this.isEmpty(column)) {
                record.setInvalidField(column.name);
            } else if (record.isFieldInvalid(column.name)) {
                record.resetFieldValidity(column.name);
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
        limits: options.limits,
        reads: options.reads || [],
        writes: options.writes || [],
    }),
};

registry.category("fields").add("api_fields", apiFieldsField);
