import { registry } from "@web/core/registry";
import { RadioField, radioField } from "@web/views/fields/radio/radio_field";

/** A radio field that offers only the values that another field, a list, names. */
export class ApiRadioField extends RadioField {
    static props = { ...RadioField.props, choices: { type: String } };

    get items() {
        const choices = this.props.record.data[this.props.choices] || [];
        return super.items.filter(([value]) => choices.includes(value));
    }
}

export const apiRadioField = {
    ...radioField,
    component: ApiRadioField,
    supportedTypes: ["selection"],
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...radioField.extractProps(fieldInfo, dynamicInfo),
        choices: fieldInfo.options.choices,
    }),
};

registry.category("fields").add("api_radio", apiRadioField);
