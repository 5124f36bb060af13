import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The units, largest first, with their lengths in seconds. */
const UNITS = [
    [86400, _t("days")],
    [3600, _t("hours")],
    [60, _t("minutes")],
    [1, _t("seconds")],
];

/** A duration in seconds, shown and entered as a number with a unit. */
export class ApiDurationField extends Component {
    static template = "jwt_auth_api.DurationField";
    static props = { ...standardFieldProps };

    setup() {
        this.units = UNITS;
        this.state = useState({ unit: 1, count: 0 });
        useRecordObserver((record) => {
            const seconds = record.data[this.props.name];
            if (seconds !== this.state.unit * this.state.count || !seconds) {
                const [unit] = UNITS.find(([length]) => seconds && seconds % length === 0) || [1];
                Object.assign(this.state, { unit, count: seconds / unit });
            }
        });
    }

    onCount(ev) {
        this.update(Math.round(Number(ev.target.value)) || 0, this.state.unit);
    }

    onUnit(ev) {
        this.update(this.state.count, Number(ev.target.value));
    }

    update(count, unit) {
        Object.assign(this.state, { count, unit });
        this.props.record.update({ [this.props.name]: count * unit });
    }
}

export const apiDurationField = {
    component: ApiDurationField,
    displayName: _t("Duration"),
    supportedTypes: ["integer"],
    isEmpty: () => false,
};

registry.category("fields").add("api_duration", apiDurationField);
